import { OptionError } from "@unstick/session";
import { type KoaSessionData, KoaStore, type KoaStoreOptions, type StoreCall } from "@unstick/session/koa";
import type { RedisClient } from "../clients/link.ts";
import { reportDamagedRecord } from "../damaged-record.ts";
import { openCaller } from "../open-caller.ts";
import { checkOptions, DEFAULTS, type RedisOptions, splitOptions } from "../options.ts";
import { PeerRecords } from "../peer-records.ts";
import { redisBackend } from "../redis-backend.ts";

export interface RedisStoreOptions extends KoaStoreOptions, RedisOptions {
  /** The client that the application has: ioredis, iovalkey, node-redis or valkey-glide, connected. */
  readonly client: RedisClient;
  /**
   * `"adopt"`: a session that koa-redis stored becomes one of ours when it is next used. Default: `"off"`.
   * An instance that still runs koa-redis does not see it any more: replace all of them at once.
   */
  readonly legacy?: "adopt" | "off";
  /** What koa-redis's keys begin with: `""` under koa-session (the default), `"koa:sess:"` under koa-generic-session. */
  readonly legacyPrefix?: string;
}

/**
 * A store for koa-session and koa-generic-session on Redis or Valkey: takes the place of koa-redis.
 *
 * @throws {OptionError} for a wrong or unknown option, and for a client that cannot be used.
 */
export class RedisStore extends KoaStore {
  readonly #records: PeerRecords | undefined;

  constructor(options: RedisStoreOptions) {
    const { client, legacy = "off", legacyPrefix = "", ...given } = options;
    if (legacy !== "adopt" && legacy !== "off") throw new OptionError("legacy", 'must be "adopt" or "off"');
    if (typeof legacyPrefix !== "string") throw new OptionError("legacyPrefix", "must be a string");
    const [redis, rest] = splitOptions(given);
    super(redisBackend(client, redis), rest);
    const checked = checkOptions(redis, DEFAULTS.sessionPrefix);
    if (legacy === "adopt") this.#records = new PeerRecords(openCaller(client, checked), legacyPrefix);
  }

  override async destroy(key: string, call: StoreCall = {}): Promise<void> {
    await super.destroy(key, call);
    await this.#records?.remove(key);
  }

  protected override async readElsewhere(key: string, call: StoreCall): Promise<KoaSessionData | null> {
    if (this.#records === undefined) return null;
    const record = await this.#records.read(key);
    // Another request may have adopted it since ours were read.
    if (record === undefined) return (await this.readOwn(key, call)) ?? null;
    const data = parseRecord(record.text);
    if (data === undefined) {
      reportDamagedRecord("koa-redis");
      return null;
    }
    const outcome = await this.createOnly(key, data, record.remainingMs, call);
    if (outcome !== "gone") await this.#records.removeIf(key, record.text);
    if (outcome === "taken") return (await this.readOwn(key, call)) ?? null;
    return outcome === "created" ? data : null;
  }
}

function parseRecord(text: string): KoaSessionData | undefined {
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === "object" && data !== null ? (data as KoaSessionData) : undefined;
  } catch {
    return undefined;
  }
}
