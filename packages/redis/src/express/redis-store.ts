import { SessionStore, type StoreOptions } from "@unstick/session/express";
import type { RedisClient } from "../clients/link.ts";
import { type RedisOptions, splitOptions } from "../options.ts";
import { redisBackend } from "../redis-backend.ts";
import { refuseOption } from "../refused-option.ts";

/** connect-redis's options, by its names, and those of the other stores. */
export interface RedisStoreOptions extends StoreOptions, RedisOptions {
  /** The client that the application has: ioredis, iovalkey, node-redis or valkey-glide, connected. */
  readonly client: RedisClient;
}

/**
 * A store for express-session on Redis or Valkey: takes the place of connect-redis's.
 *
 * @throws {OptionError} for a wrong or unknown option, and for a client that cannot be used.
 */
export class RedisStore extends SessionStore {
  constructor(options: RedisStoreOptions) {
    refuseOption(
      options,
      "scanCount",
      "enumeration never runs on a request path and sizes its own steps; leave it out",
    );
    const { client, ...others } = options;
    const [redis, rest] = splitOptions(others);
    super(redisBackend(client, redis), rest);
  }
}
