export { MemoryStore } from "./memory-store.ts";
export { SessionStore } from "./session-store.ts";
export type { StoreCallback } from "./store-callback.ts";
export type { StoredData, StoreOptions } from "./store-options.ts";
export { type SessionRequest, StoreCookie, StoreSession } from "./store-session.ts";
