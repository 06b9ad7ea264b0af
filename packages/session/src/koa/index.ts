export type { SessionCallback } from "../http/callback.ts";
export type { KoaLoginOptions } from "./kept.ts";
export type { KoaSessionData } from "./koa-expiry.ts";
export { type KoaContextStore, KoaStore, type StoreCall } from "./koa-store.ts";
export { MemoryStore } from "./memory-store.ts";
export { type KoaSessionMiddleware, type KoaSessionOf, type SessionContext, session } from "./middleware.ts";
export { type ForeignKoaStore, KOA_SESSION_DEFAULTS, type KoaSessionOptions } from "./middleware-options.ts";
export { KoaSession } from "./session-view.ts";
export type { KoaStoreOptions, StoreContext } from "./store-options.ts";
