export type { KoaSessionData } from "./koa-expiry.ts";
export { type KoaContextStore, KoaStore, type StoreCall } from "./koa-store.ts";
export { MemoryStore } from "./memory-store.ts";
export type { KoaStoreOptions, StoreContext } from "./store-options.ts";
