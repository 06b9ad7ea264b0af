import type { Engine } from "../engine/engine.ts";
import type { SaveOutcome } from "../engine/save-session.ts";
import type { Session as EngineSession } from "../engine/session.ts";
import type { LoginOptions, Stored, StoreHow, Visitor } from "./kept.ts";
import type { KnownCookie, KnownCookies } from "./known-cookie.ts";
import { countAge, isAged, restoredCookie } from "./new-cookie.ts";
import { type Session, type Viewed, viewSession } from "./session-view.ts";
import type { StoreCookie } from "./store-session.ts";

/** What all sessions of one backend share. */
export interface BackendRules {
  readonly engine: Engine;
  /** The longest that a cookie's age may keep a session unused, where the application set a limit. */
  readonly idleCapMs: number;
  readonly cookies: KnownCookies;
  newCookie(visit: Visitor): StoreCookie;
}

/** A session on a backend: attribute by attribute, through the engine. */
export class KeptInBackend implements Viewed {
  readonly view: Session;
  readonly #rules: BackendRules;
  readonly #visit: Visitor;
  readonly #newId: string | undefined;
  #session: EngineSession | undefined;
  /** The stored session whose place this one takes, in one step with its own first save. */
  #replaced: EngineSession | undefined;
  #cookie: StoreCookie | undefined;
  #storing: Promise<void> | undefined;
  #isVerified = false;

  constructor(rules: BackendRules, visit: Visitor, loaded?: EngineSession, replaced?: EngineSession) {
    this.#rules = rules;
    this.#visit = visit;
    this.#session = loaded;
    this.#replaced = replaced;
    this.#newId = loaded === undefined ? visit.newId() : undefined;
    this.view = viewSession(this, visit);
  }

  get id(): string {
    return this.#session?.id ?? (this.#newId as string);
  }

  get isNew(): boolean {
    return this.#session?.isNew ?? true;
  }

  get hasData(): boolean {
    return this.#session?.names().some((name) => name !== "cookie") ?? false;
  }

  /** The engine's session that a successor takes the place of; `undefined`: nothing is stored. */
  get stored(): EngineSession | undefined {
    return this.#replaced ?? (this.isNew ? undefined : this.#session);
  }

  get cookie(): StoreCookie {
    this.#cookie ??= this.#restored(this.#session?.get("cookie"));
    return this.#cookie;
  }

  get knownCookie(): KnownCookie | undefined {
    if (this.#cookie !== undefined || this.isNew) return undefined;
    const text = this.#session?.storedText("cookie") ?? null;
    if (text === null) return undefined;
    return this.#rules.cookies.of(text, () => restoredCookie(this.#session?.get("cookie"), () => undefined));
  }

  get isAged(): boolean {
    const { knownCookie } = this;
    return knownCookie === undefined ? isAged(this.cookie) : knownCookie.originalMaxAge !== null;
  }

  #restored(stored: unknown): StoreCookie {
    return restoredCookie(stored, () => this.#rules.newCookie(this.#visit));
  }

  countAge(): void {
    countAge(this.cookie);
  }

  setCookie(value: unknown): void {
    this.#cookie = this.#restored(value);
  }

  attributes(): EngineSession | undefined {
    return this.#session;
  }

  writable(): EngineSession {
    this.#session ??= this.#rules.engine.create(this.#newId);
    return this.#session;
  }

  store(how: StoreHow): Promise<Stored> | Stored {
    if (this.#storing !== undefined) return this.#storing.then(() => this.store(how));
    if (this.#replaced !== undefined) return this.#track(this.#exchange(this.#replaced));
    const session = this.writable();
    this.#applyCookie(session);
    const deadline = how.isVerified && !this.#isVerified ? "always" : "due";
    const stored = session.saveNow(how.isUnchanged ? { deadline, only: [] } : { deadline }, (outcome) =>
      session.isReplaced ? "lost" : this.#noteSaved(outcome),
    );
    return typeof stored === "string" ? stored : this.#track(stored);
  }

  discard(): Promise<void> | undefined {
    return this.#replaced === undefined ? undefined : this.destroy();
  }

  async destroy(): Promise<void> {
    await this.#storing;
    await this.#replaced?.destroy();
    await this.#session?.destroy();
  }

  async save(): Promise<Stored> {
    const wasVerified = this.#isVerified;
    const stored = await this.store({ isVerified: true });
    if (!wasVerified && (stored === "stored" || stored === "alive")) this.#noteVerified();
    return stored;
  }

  async login(principal: string, options: LoginOptions): Promise<this | "followed"> {
    await this.#storing;
    const session = this.#replaced ?? this.writable();
    if (this.#replaced !== undefined) this.#takeOver(session);
    this.#applyCookie(session);
    const keep = options.keep === undefined ? {} : { keep: [...options.keep, "cookie"] };
    const result = await session.login(principal, { ...keep, device: options.device ?? this.#device() });
    this.#session = session;
    this.#replaced = undefined;
    if (result === "followed") return "followed";
    this.#noteVerified();
    return this;
  }

  /** One step at a time: what comes meanwhile waits, and sees what was stored. */
  #track(work: Promise<Stored>): Promise<Stored> {
    const clear = (): void => {
      if (this.#storing === settled) this.#storing = undefined;
    };
    const settled: Promise<void> = work.then(clear, clear);
    this.#storing = settled;
    return work;
  }

  async #exchange(old: EngineSession): Promise<Stored> {
    this.#takeOver(old);
    this.#applyCookie(old);
    await old.rename({ id: this.#newId as string });
    this.#session = old;
    this.#replaced = undefined;
    this.#noteVerified();
    return "stored";
  }

  /** The successor's attributes are the only ones that the old session has from here on. */
  #takeOver(old: EngineSession): void {
    old.assign(this.#session?.toObject() ?? {});
    old.principal = undefined;
    old.set("cookie", this.cookie);
  }

  /** Settings are stored with a new session and when the application looked at them; the age is its lifetime. */
  #applyCookie(session: EngineSession): void {
    const { knownCookie } = this;
    const isLookedAt = this.#cookie !== undefined || session.isNew;
    const age = (knownCookie ?? this.cookie).originalMaxAge;
    if (typeof age === "number" && !Number.isNaN(age)) session.idleMs = Math.min(age, this.#rules.idleCapMs);
    if (isLookedAt) session.set("cookie", this.cookie);
  }

  #noteSaved(outcome: SaveOutcome): Stored {
    if (outcome === "created" || outcome === "updated") return "stored";
    if (outcome === "touched" || outcome === "unchanged") return "alive";
    return outcome === "expired" ? "expired" : "lost";
  }

  /**
   * The backend has just confirmed that the session lives. What is answered in the same turn of the event
   * loop needs no second confirmation: `session.save(() => res.redirect("/"))`.
   */
  #noteVerified(): void {
    this.#isVerified = true;
    setImmediate(() => {
      this.#isVerified = false;
    });
  }

  #device(): { userAgent?: string; address?: string } {
    const { request } = this.#visit;
    const userAgent = request.headers["user-agent"];
    const address = request.ip ?? request.socket?.remoteAddress;
    return { ...(userAgent !== undefined && { userAgent }), ...(address !== undefined && { address }) };
  }
}
