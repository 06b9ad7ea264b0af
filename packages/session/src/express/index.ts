export type { SessionCallback } from "../http/callback.ts";
export { COOKIE_DEFAULTS, type CookieOptions } from "./cookie-options.ts";
export type { LoginOptions } from "./kept.ts";
export { MemoryStore } from "./memory-store.ts";
export {
  type ForeignStore,
  SESSION_DEFAULTS,
  type SessionOptions,
} from "./options.ts";
export { type SessionMiddleware, type SessionOf, session } from "./session.ts";
export { SessionStore } from "./session-store.ts";
export { Session } from "./session-view.ts";
export type { StoreCallback } from "./store-callback.ts";
export type { ListedSession } from "./store-listing.ts";
export {
  STORE_DEFAULTS,
  type StoredData,
  type StoredSession,
  type StoreOptions,
  type StorePolicy,
} from "./store-options.ts";
export { type SessionRequest, StoreCookie, StoreSession } from "./store-session.ts";
