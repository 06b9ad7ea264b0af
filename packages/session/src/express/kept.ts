import type { IncomingMessage } from "node:http";
import type { Answer, SessionKey } from "../backend.ts";
import type { CookieOptions } from "./cookie-options.ts";
import type { KnownCookie } from "./known-cookie.ts";
import type { StoreCookie } from "./store-session.ts";

/**
 * What became of storing a session. `"stored"`: it is there as the application left it. `"alive"`: nothing
 * had to be written. `"lost"`: another request ended or replaced it; nothing was written, and its cookie must
 * not be sent. `"expired"`: its own lifetime was over.
 */
export type Stored = "stored" | "alive" | "lost" | "expired";

export interface StoreHow {
  /**
   * Be told in any case whether the session lives: without a change its deadline is moved. Otherwise it is
   * moved when that is due.
   */
  readonly isVerified: boolean;
  /** Leave out what changed: the response is an error's. */
  readonly isUnchanged?: boolean;
}

/** How one request holds one session, wherever the session is kept. */
export interface Kept {
  /** What the cookie says. */
  readonly id: string;
  /** What the application sees as `req.session`. */
  readonly view: object;
  readonly cookie: StoreCookie;
  /** The same, ready to be sent, where nobody looked at it since it was stored. */
  readonly knownCookie: KnownCookie | undefined;
  /** The cookie ends at a time. */
  readonly isAged: boolean;
  /** Nothing is stored under this id yet. */
  readonly isNew: boolean;
  /** The application put something into it. */
  readonly hasData: boolean;
  /** Let the cookie's age count from now, once. */
  countAge(): void;
  /** Answers without a promise when there is nothing to do. */
  store(how: StoreHow): Promise<Stored> | Stored;
  /** A new session that holds nothing is not stored; one that was to be replaced by it ends. */
  discard(): Promise<void> | undefined;
  /** End it. */
  destroy(): Promise<void>;
  /**
   * A new id in one step with every change. Answers the session as it is then, or `"followed"`: another
   * request did it for the same principal, and this one's changes went there.
   */
  login(principal: string, options: LoginOptions): Promise<Kept | "followed">;
  /** Store it, whether or not it changed. */
  save(): Promise<Stored>;
}

export interface LoginOptions {
  /** Attributes that go along with the login. Default: all. */
  readonly keep?: readonly string[];
  /** For the list of a user's sessions. Default: the User-Agent header and the peer's address. */
  readonly device?: { readonly userAgent?: string; readonly address?: string };
}

/** Where a middleware keeps its sessions. */
export interface Shelf {
  /** False while a store that tells so is disconnected. */
  readonly isReady: boolean;
  /** What the application sees as `req.sessionStore`. */
  readonly sessionStore: object;
  /** `key`: of the session, where it is known already. */
  load(id: string, visit: Visitor, key?: SessionKey): Answer<Kept | null>;
  create(visit: Visitor): Kept;
  /** A new, empty session that takes the place of `old` when it is first stored. */
  replace(old: Kept, visit: Visitor): Promise<Kept>;
}

/** The request for which a session is held, and what the methods of `req.session` do there. */
export interface Visitor {
  readonly request: RequestWithSession;
  readonly cookieOptions: CookieOptions;
  newId(): string;
  save(kept: Kept): Promise<void>;
  reload(kept: Kept): Promise<void>;
  destroy(kept: Kept): Promise<void>;
  regenerate(kept: Kept): Promise<void>;
  login(kept: Kept, principal: string, options?: LoginOptions): Promise<void>;
  logout(kept: Kept): Promise<void>;
}

/** What the middleware sets on a request. */
export type RequestWithSession = IncomingMessage & {
  session?: unknown;
  sessionID?: unknown;
  sessionStore?: unknown;
  ip?: string;
};
