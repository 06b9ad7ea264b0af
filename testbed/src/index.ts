export { freePort, waitUntil } from "./ports.ts";
export {
  canInstall,
  ensureProgram,
  findProgram,
  type Program,
  programs,
  requireProgram,
} from "./programs.ts";
export { type RedisServer, startRedis } from "./redis-server.ts";
