export { type Advice, adviseClient } from "./advice.ts";
export { adviseServer } from "./advise-server.ts";
export type { ClientErrorEvent } from "./client-errors.ts";
export type { RedisClient } from "./clients/link.ts";
export type { AdviceEvent, SilenceEvent } from "./events.ts";
export type { RedisOptions } from "./options.ts";
export { redisBackend } from "./redis-backend.ts";
export { redisState } from "./redis-state.ts";
