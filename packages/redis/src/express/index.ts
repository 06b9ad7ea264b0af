export type { LegacyMode } from "./legacy-mode.ts";
export { RedisStore, type RedisStoreOptions } from "./redis-store.ts";
