import { isLater } from "../engine/backend-call.ts";
import { SessionGoneError } from "../engine/errors.ts";
import { createSessionId } from "../engine/session-id.ts";
import { UnstickError } from "../errors.ts";
import type { FairLock } from "../http/fair-lock.ts";
import type { SignedCookie } from "../http/signed-cookie.ts";
import type { CookieOptions } from "./cookie-options.ts";
import type { Kept, LoginOptions, RequestWithSession, Shelf, Stored, Visitor } from "./kept.ts";
import type { SessionConfig } from "./options.ts";
import type { Watch } from "./watch.ts";

/** What all requests of one middleware share. */
export interface Site {
  readonly config: SessionConfig;
  readonly shelf: Shelf;
  readonly watch: Watch;
  /** For requests of one session that run one after another. */
  readonly lock: FairLock | undefined;
  /** What `req.sessionStore` is. */
  readonly storeField: PropertyDescriptor;
}

/** One request and its session: what the methods of `req.session` do to it. */
export class Visit implements Visitor {
  readonly #site: Site;
  readonly request: RequestWithSession;
  readonly cookieOptions: CookieOptions;
  /** The cookie that the browser showed, well signed. */
  readonly #shown: SignedCookie | undefined;
  /** The session as it is now; `undefined` once it was destroyed. */
  kept: Kept | undefined;
  /** The cookie that the browser showed opens nothing any more. */
  isCookieStale = false;
  /** Another request ended or replaced the session: this one may not speak for it. */
  isLost = false;
  isLoggedOut = false;
  /** Its handler failed. */
  isFailed = false;

  constructor(site: Site, request: RequestWithSession, cookieOptions: CookieOptions) {
    this.#site = site;
    this.request = request;
    this.cookieOptions = cookieOptions;
    this.#shown = site.config.signer.read(request.headers.cookie, site.config.name);
  }

  /** No property: whoever prints a request would print the secrets with it. */
  get site(): Site {
    return this.#site;
  }

  /** The id that the browser showed, well signed. */
  get shownId(): string | undefined {
    return this.#shown?.id;
  }

  /** What the cookie says for an id. */
  signed(id: string): string {
    const shown = this.#shown;
    return shown?.isCurrent === true && shown.id === id ? shown.value : this.site.config.signer.sign(id);
  }

  /** Give the request its session. Answers without a promise when none is read, or at once. */
  begin(): Promise<void> | undefined {
    const { request, shownId, site } = this;
    if (shownId === undefined) {
      this.#enter(site.shelf.create(this));
      return undefined;
    }
    request.sessionID = shownId;
    const loading = site.shelf.load(shownId, this, this.#shown?.key);
    if (isLater(loading)) return loading.then((kept) => this.#take(kept));
    this.#take(loading);
    return undefined;
  }

  #take(kept: Kept | null): void {
    const { shelf, watch } = this.#site;
    this.isCookieStale = kept === null;
    if (kept !== null) watch.noteLoaded(kept);
    this.#enter(kept ?? shelf.create(this));
  }

  newId(): string {
    const { genid } = this.site.config;
    return genid === undefined ? createSessionId() : genid(this.request);
  }

  async save(kept: Kept): Promise<void> {
    this.note(await kept.save());
  }

  /** Take in what became of storing. Throws where the application wants to be told of a loss. */
  note(stored: Stored): Stored {
    if (stored !== "lost") return stored;
    this.isLost = true;
    if (this.site.config.onGone === "error") throw new SessionGoneError();
    return stored;
  }

  async reload(kept: Kept): Promise<void> {
    const again = await this.site.shelf.load(kept.id, this);
    if (again === null) throw new UnstickError("ERR_UNSTICK_SESSION_GONE", "failed to load session");
    this.#enter(again);
  }

  async destroy(kept: Kept): Promise<void> {
    delete this.request.session;
    this.kept = undefined;
    this.isCookieStale = this.shownId !== undefined;
    await kept.destroy();
  }

  async regenerate(kept: Kept): Promise<void> {
    this.#enter(await this.site.shelf.replace(kept, this));
  }

  async login(kept: Kept, principal: string, options: LoginOptions = {}): Promise<void> {
    const result = await kept.login(principal, options);
    if (result === "followed") this.isLost = true;
    else this.#enter(result);
  }

  async logout(kept: Kept): Promise<void> {
    await kept.destroy();
    this.isCookieStale = this.shownId !== undefined;
    this.isLoggedOut = true;
    this.#enter(this.site.shelf.create(this));
  }

  #enter(kept: Kept): void {
    this.kept = kept;
    this.request.sessionID = kept.id;
    this.request.session = kept.view;
  }
}
