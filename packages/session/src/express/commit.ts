import type { ServerResponse } from "node:http";
import { UnstickError } from "../errors.ts";
import { appendSetCookie, isSharedResponse, keepFromCaches } from "../http/cache-fields.ts";
import { clearCookieText, setCookieText } from "../http/cookie-attributes.ts";
import type { HoldHooks } from "../http/hold-hooks.ts";
import { rethrowAsUnavailable } from "../http/unavailable.ts";
import type { Kept, Stored } from "./kept.ts";
import { cookieAttributes, readyCookie } from "./known-cookie.ts";
import { newCookie } from "./new-cookie.ts";
import { isSecure } from "./secure.ts";
import type { StoreCookie } from "./store-session.ts";
import type { Visit } from "./visit.ts";

/** What is done before the response of a visit leaves: the session is stored, then its cookie is set. */
export class Commit implements HoldHooks {
  readonly #visit: Visit;
  readonly #response: ServerResponse;
  readonly #next: (error: unknown) => void;
  /** The Set-Cookie field, once the session is stored. */
  #field: string | undefined;

  constructor(visit: Visit, response: ServerResponse, next: (error: unknown) => void) {
    this.#visit = visit;
    this.#response = response;
    this.#next = next;
  }

  commit(): Promise<void> | undefined {
    const { kept, request } = this.#visit;
    const { config } = this.#visit.site;
    if (request.session === undefined || request.session === null) return this.#commitNone(kept);
    if (kept === undefined || request.session !== kept.view) throw new ForeignSessionError();
    if (typeof request.sessionID !== "string" || this.#visit.isLost) return undefined;
    if (this.#isFailed() && !config.saveOnError) return this.#commitError(kept);
    return kept.isNew ? this.#commitNew(kept) : this.#commitKnown(kept);
  }

  /** Store what the application changed after the head left. No cookie can be set any more. */
  commitLate(): Promise<void> | undefined {
    const { kept, request, isLost, site } = this.#visit;
    if (kept === undefined || request.session !== kept.view || isLost) return undefined;
    if (this.#visit.isFailed && !site.config.saveOnError) return undefined;
    if (kept.isNew) {
      if (kept.hasData) site.watch.warn("late-session");
      return undefined;
    }
    return this.#afterwards(kept.store({ isVerified: false }), (stored) => void this.#visit.note(stored));
  }

  writeHead(): void {
    const { site, isCookieStale, isLoggedOut } = this.#visit;
    const { clearSiteData, name } = site.config;
    if (isLoggedOut && clearSiteData !== undefined)
      this.#response.setHeader("Clear-Site-Data", clearSiteData);
    if (this.#field !== undefined) this.#write(this.#field);
    else if (isCookieStale) this.#write(clearCookieText(name, cookieAttributes(this.#freshCookie())));
  }

  fail(error: unknown): void {
    this.#next(error);
  }

  #isFailed(): boolean {
    return this.#visit.isFailed || this.#response.statusCode >= 500;
  }

  /** `req.session = null`, or a session that was destroyed. */
  #commitNone(kept: Kept | undefined): Promise<void> | undefined {
    const { config } = this.#visit.site;
    if (kept === undefined || config.unset !== "destroy" || kept.isNew) return undefined;
    this.#visit.isCookieStale = this.#visit.shownId !== undefined;
    return kept.destroy().catch(rethrowAsUnavailable);
  }

  /** A handler that threw saves nothing. What it had saved before, under a new id, it may tell the browser. */
  #commitError(kept: Kept): Promise<void> | undefined {
    if (kept.isNew || kept.id === this.#visit.shownId) return undefined;
    return this.#afterwards(kept.store({ isVerified: true, isUnchanged: true }), (stored) =>
      this.#decide(kept, stored),
    );
  }

  #commitNew(kept: Kept): Promise<void> | undefined {
    const { config, watch } = this.#visit.site;
    if (!kept.hasData && !config.saveUninitialized) {
      const discarding = kept.discard();
      if (discarding !== undefined) this.#visit.isCookieStale = this.#visit.shownId !== undefined;
      return discarding?.catch(rethrowAsUnavailable);
    }
    if (!this.#isDeliverable(kept.cookie)) {
      watch.warn(isSharedResponse(this.#response) ? "shared-response" : "insecure");
      return undefined;
    }
    return this.#afterwards(kept.store({ isVerified: true }), (stored) => this.#decide(kept, stored));
  }

  #commitKnown(kept: Kept): Promise<void> | undefined {
    const { config, watch } = this.#visit.site;
    watch.checkPrincipal(kept, this.#visit.shownId);
    const isVerified = config.rolling || config.resave || kept.id !== this.#visit.shownId;
    return this.#afterwards(kept.store({ isVerified }), (stored) => this.#decide(kept, stored));
  }

  #decide(kept: Kept, stored: Stored): void {
    this.#visit.note(stored);
    if (stored === "lost") return;
    const isNewToBrowser = kept.id !== this.#visit.shownId;
    const isAgeMoved = stored === "stored" && kept.isAged;
    if (isNewToBrowser || this.#visit.site.config.rolling || isAgeMoved || stored === "expired")
      this.#field = this.#setText(kept);
  }

  #afterwards(stored: Promise<Stored> | Stored, next: (stored: Stored) => void): Promise<void> | undefined {
    if (typeof stored !== "string") return stored.then(next, rethrowAsUnavailable);
    next(stored);
    return undefined;
  }

  #setText(kept: Kept): string | undefined {
    const visit = this.#visit;
    const { name, proxy } = visit.site.config;
    const { knownCookie } = kept;
    if (knownCookie === undefined) kept.countAge();
    const { isSecure: needsTls, parts } = knownCookie ?? readyCookie(name, kept.cookie);
    if (needsTls && !isSecure(visit.request, proxy)) return undefined;
    const expires = knownCookie === undefined ? endOf(kept.cookie) : endAfter(knownCookie.originalMaxAge);
    return setCookieText(name, visit.signed(kept.id), parts, expires);
  }

  #write(text: string): void {
    if (keepFromCaches(this.#response)) appendSetCookie(this.#response, text);
    else this.#visit.site.watch.warn("shared-response");
  }

  /** Whether the browser will get the cookie of a session that is begun now. */
  #isDeliverable(cookie: StoreCookie): boolean {
    if (isSharedResponse(this.#response)) return false;
    return cookie.secure !== true || isSecure(this.#visit.request, this.#visit.site.config.proxy);
  }

  #freshCookie(): StoreCookie {
    const { cookieOptions, request, site } = this.#visit;
    return newCookie(cookieOptions, request, site.config.proxy);
  }
}

function endOf({ expires }: StoreCookie): number | undefined {
  return expires instanceof Date ? expires.getTime() : undefined;
}

function endAfter(ageMs: number | null): number | undefined {
  return ageMs === null ? undefined : Date.now() + ageMs;
}

/** `req.session` was set to an object that is no session. */
class ForeignSessionError extends UnstickError {
  constructor() {
    super(
      "ERR_UNSTICK_FOREIGN_SESSION",
      "req.session was set to an object that is no session; set its properties, or set it to null to end it",
    );
    this.name = "ForeignSessionError";
  }
}
