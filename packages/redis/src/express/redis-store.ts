import { UnsupportedError } from "@unstick/session";
import {
  type SessionRequest,
  SessionStore,
  type StoredData,
  type StoreOptions,
  type StoreSession,
} from "@unstick/session/express";
import type { RedisClient } from "../clients/link.ts";
import { openCaller } from "../open-caller.ts";
import { checkOptions, DEFAULTS, type RedisOptions, splitOptions } from "../options.ts";
import { type PeerRecord, PeerRecords } from "../peer-records.ts";
import { redisBackend } from "../redis-backend.ts";
import { refuseOption } from "../refused-option.ts";
import { type LegacyMode, readLegacyMode } from "./legacy-mode.ts";
import { SharedRecords, type WholeSerializer } from "./shared-records.ts";

/** connect-redis's options, by its names, and those of the other stores. */
export interface RedisStoreOptions extends StoreOptions, RedisOptions {
  /** The client that the application has: ioredis, iovalkey, node-redis or valkey-glide, connected. */
  readonly client: RedisClient;
  /** Sessions that connect-redis stored under the same prefix. Default: `"off"`. */
  readonly legacy?: LegacyMode;
}

/**
 * A store for express-session on Redis or Valkey: takes the place of connect-redis's.
 *
 * @throws {OptionError} for a wrong or unknown option, and for a client that cannot be used.
 */
export class RedisStore extends SessionStore {
  readonly #legacy: LegacyMode;
  readonly #records: PeerRecords;
  readonly #shared: SharedRecords;

  constructor(options: RedisStoreOptions) {
    refuseOption(
      options,
      "scanCount",
      "enumeration never runs on a request path and sizes its own steps; leave it out",
    );
    const { client, legacy: _legacy, ...given } = options;
    const [redis, rest] = splitOptions(given);
    const legacy = readLegacyMode(options);
    super(redisBackend(client, redis), rest);
    this.#legacy = legacy;
    const checked = checkOptions(redis, DEFAULTS.sessionPrefix);
    this.#records = new PeerRecords(openCaller(client, checked), checked.prefix);
    this.#shared = new SharedRecords(
      this.#records,
      (options.serializer as WholeSerializer | undefined) ?? JSON,
    );
  }

  override createSession<Made extends object = StoreSession>(request: SessionRequest, loaded: object): Made {
    const session = super.createSession<Made>(request, loaded);
    this.#shared.handOn(loaded, session);
    return session;
  }

  protected override async read(id: string): Promise<StoredData | null> {
    if (this.#legacy === "off") return super.read(id);
    if (this.#legacy === "share") return this.#readShared(id);
    return (await super.read(id)) ?? this.#adopt(id);
  }

  protected override async write(id: string, data: StoredData): Promise<void> {
    if (this.#legacy !== "share" || this.hasBase(data)) return super.write(id, data);
    const lifetimeMs = this.policy.idleMs(data);
    if (lifetimeMs <= 0) return this.end(id);
    if (!(await this.#shared.write(id, data, lifetimeMs))) await this.#writeAdopted(id, data);
  }

  protected override async end(id: string): Promise<void> {
    await super.end(id);
    if (this.#legacy !== "off") await this.#records.remove(id);
  }

  protected override async keepAlive(id: string, data: StoredData): Promise<void> {
    if (!this.#shared.isKnown(data)) return super.keepAlive(id, data);
    if (!this.policy.disableTouch) await this.#records.touch(id, this.policy.idleMs(data));
  }

  protected override requireEnumerable(): void {
    if (this.#legacy === "off") return;
    throw new UnsupportedError(
      "redis",
      `list of all sessions with legacy: "${this.#legacy}", where some are connect-redis's`,
    );
  }

  /**
   * Where there are both, an instance in `"adopt"` is about to delete theirs, or died before it could: ours
   * counts. Theirs is read first, so that a session which is adopted meanwhile is found.
   */
  async #readShared(id: string): Promise<StoredData | null> {
    const theirs = await this.#shared.read(id);
    return (await super.read(id)) ?? theirs ?? null;
  }

  /**
   * Make ours of theirs. Requests that meet one session at once may all find that they made it, since a create
   * with the same values answers like one that a client resent. A crash before theirs is deleted leaves both, and ours counts.
   */
  async #adopt(id: string): Promise<StoredData | null> {
    const record = await this.#records.read(id);
    // Another request may have adopted it since ours were read.
    if (record === undefined) return super.read(id);
    const data = this.#shared.parse(record);
    if (data === undefined) return null;
    const outcome = await this.createOnly(id, data);
    if (outcome === "created") return this.#retire(id, record, data);
    if (outcome === "taken") return super.read(id);
    await this.#records.remove(id);
    return null;
  }

  /** Delete theirs. What an instance in `"share"` changed in it meanwhile goes to ours first. */
  async #retire(id: string, record: PeerRecord, adopted: StoredData): Promise<StoredData | null> {
    let known = record;
    let session: StoredData | null = adopted;
    while (!(await this.#records.removeIf(id, known.text))) {
      const next = await this.#records.read(id);
      session = await super.read(id);
      // Retired by another request, or ended: a logout ends ours before it deletes theirs.
      if (next === undefined || session === null) return session;
      this.#shared.bringOver(known, next, session);
      await super.write(id, session);
      known = next;
    }
    return session;
  }

  /** An instance in `"adopt"` made one of ours of it while this request ran: the changes go there. */
  async #writeAdopted(id: string, data: StoredData): Promise<void> {
    const adopted = await super.read(id);
    if (adopted === null) return this.reportGone();
    this.#shared.mergeInto(data, adopted);
    await super.write(id, adopted);
  }
}
