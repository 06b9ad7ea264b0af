import { KoaStore, type KoaStoreOptions } from "@unstick/session/koa";
import type { RedisClient } from "../clients/link.ts";
import { type RedisOptions, splitOptions } from "../options.ts";
import { redisBackend } from "../redis-backend.ts";

export interface RedisStoreOptions extends KoaStoreOptions, RedisOptions {
  /** The client that the application has: ioredis, iovalkey, node-redis or valkey-glide, connected. */
  readonly client: RedisClient;
}

/**
 * A store for koa-session and koa-generic-session on Redis or Valkey: takes the place of koa-redis.
 *
 * @throws {OptionError} for a wrong or unknown option, and for a client that cannot be used.
 */
export class RedisStore extends KoaStore {
  constructor(options: RedisStoreOptions) {
    const { client, ...others } = options;
    const [redis, rest] = splitOptions(others);
    super(redisBackend(client, redis), rest);
  }
}
