export type { RedisClient } from "./clients/link.ts";
export type { RedisOptions } from "./options.ts";
export { redisBackend } from "./redis-backend.ts";
export { redisState } from "./redis-state.ts";
