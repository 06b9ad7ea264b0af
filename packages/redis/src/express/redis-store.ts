import { type Session, SessionReplacedError, UnsupportedError } from "@unstick/session";
import {
  type SessionRequest,
  SessionStore,
  type StoredData,
  type StoreOptions,
  type StoreSession,
} from "@unstick/session/express";
import type { RedisClient } from "../clients/link.ts";
import type { KeptRecord } from "../decode-record.ts";
import { openCaller } from "../open-caller.ts";
import { checkOptions, DEFAULTS, type RedisOptions, splitOptions } from "../options.ts";
import { type PeerRecord, PeerRecords } from "../peer-records.ts";
import { redisBackend } from "../redis-backend.ts";
import { refuseOption } from "../refused-option.ts";
import { giveBack } from "./give-back.ts";
import { keepsTheirs, type LegacyMode, readLegacyMode } from "./legacy-mode.ts";
import { OurRecords } from "./our-records.ts";
import { SharedRecords } from "./shared-records.ts";

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
  readonly #ours: OurRecords;
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
    const caller = openCaller(client, checked);
    this.#ours = new OurRecords(caller, checked.prefix);
    this.#records = new PeerRecords(caller, checked.prefix);
    this.#shared = new SharedRecords(this.#records, options.serializer);
  }

  override createSession<Made extends object = StoreSession>(request: SessionRequest, loaded: object): Made {
    const session = super.createSession<Made>(request, loaded);
    this.#shared.handOn(loaded, session);
    return session;
  }

  protected override async read(id: string): Promise<StoredData | null> {
    if (this.#legacy === "off") return super.read(id);
    if (this.#legacy === "share") return this.#readShared(id);
    if (this.#legacy === "return") return this.#readReturning(id);
    return (await this.#readToAdopt(id)) ?? this.#adopt(id);
  }

  protected override async write(id: string, data: StoredData): Promise<void> {
    if (!keepsTheirs(this.#legacy)) return super.write(id, data);
    const lifetimeMs = this.policy.idleMs(data);
    if (lifetimeMs <= 0) return this.end(id);
    if (this.#isOurs(data) && this.baseOf(data)?.id === id) {
      await super.write(id, data);
      if (!this.#shared.isKnown(data)) this.#shared.noteOurs(id, data);
    } else if (!(await this.#shared.write(id, data, lifetimeMs))) {
      await this.#writeMoved(id, data);
    }
  }

  /** A session of ours that cannot be written ended, or was given back. */
  protected override async refused(id: string, data: StoredData): Promise<void> {
    if (keepsTheirs(this.#legacy)) await this.#writeMoved(id, data);
    else this.reportGone();
  }

  protected override async end(id: string): Promise<void> {
    await super.end(id);
    if (this.#legacy !== "off") await this.#records.remove(id);
  }

  protected override async keepAlive(id: string, data: StoredData): Promise<void> {
    if (!this.#shared.isKnown(data)) {
      await super.keepAlive(id, data);
      if (!this.#isOurs(data) || this.baseOf(data)?.isEnded !== true) return;
      // It ended, or was given back: the deadline that is to be moved is theirs.
      const now = keepsTheirs(this.#legacy) ? await this.read(id) : null;
      if (now === null || !this.#shared.isKnown(now)) return;
    }
    if (!this.policy.disableTouch) await this.#shared.touch(id, this.policy.idleMs(data));
  }

  protected override async replace(id: string, session: object): Promise<void> {
    if (!keepsTheirs(this.#legacy) || !this.#isOurs(session)) {
      return this.#shared.isKnown(session) ? this.end(id) : super.replace(id, session);
    }
    const isEnded = await super.replace(id, session).then(() => true, isReplaced);
    // What is under their key is a copy, or what ours became a moment ago.
    const wasTheirs = await this.#records.remove(id);
    if (!isEnded && !wasTheirs) throw new SessionReplacedError();
  }

  protected override requireEnumerable(): void {
    if (this.#legacy === "off") return;
    throw new UnsupportedError(
      "redis",
      `list of all sessions with legacy: "${this.#legacy}", where some are connect-redis's`,
    );
  }

  /** Last seen as one of ours, and not as theirs since. */
  #isOurs(session: object): boolean {
    return this.baseOf(session) !== undefined && !this.#shared.isKnown(session);
  }

  /** Ours, and what is under its key. */
  async #readOurs(id: string, how: "read" | "freeze"): Promise<OurSession> {
    let state = "none" as KeptRecord["state"];
    const data = await super.read(id, async (key) => {
      const record = await this.#ours[how](key);
      state = record.state;
      return record.session;
    });
    return { data, state };
  }

  /**
   * Where there are both, an instance in `"adopt"` is about to delete theirs, or died before it could: ours
   * counts. Theirs is read first, so that a session which is adopted meanwhile is found; and once more where ours was
   * given back meanwhile.
   */
  async #readShared(id: string): Promise<StoredData | null> {
    const theirs = await this.#shared.read(id);
    const { data, state } = await this.#readOurs(id, "read");
    if (data !== null) return this.#readOn(id, data, state);
    if (state === "frozen") return null;
    return (state === "given" ? await this.#shared.read(id) : theirs) ?? null;
  }

  /** Ours are read first: they only become theirs here, never the other way about. */
  async #readReturning(id: string): Promise<StoredData | null> {
    const { data, state } = await this.#readOurs(id, "freeze");
    if (data !== null) return this.#readOn(id, data, state);
    return state === "frozen" ? null : ((await this.#shared.read(id)) ?? null);
  }

  /** Whoever meets a session that is being given back does so, too, and goes on with theirs. */
  async #readOn(id: string, data: StoredData, state: KeptRecord["state"]): Promise<StoredData | null> {
    const { key, remainingMs } = this.baseOf(data) as Session;
    const text = state === "frozen" ? this.#shared.textOf(data) : undefined;
    if (text === undefined) {
      // What connect-redis cannot store stays ours for as long as it is so.
      if (state === "frozen") await this.#ours.thaw(key);
      return this.#shared.noteOurs(id, data);
    }
    const isSame = (found: string): boolean => this.#shared.isSame(found, text);
    const unlist = (): Promise<void> => (this.baseOf(data) as Session).unlist();
    await giveBack(this.#ours, this.#records, { id, key, text, remainingMs, isSame, unlist });
    return this.read(id);
  }

  /** One whose way back was broken off stays ours. */
  async #readToAdopt(id: string): Promise<StoredData | null> {
    const { data, state } = await this.#readOurs(id, "read");
    if (data === null || state !== "frozen") return data;
    return (await this.#ours.thaw((this.baseOf(data) as Session).key)) ? data : this.#readToAdopt(id);
  }

  /**
   * Make ours of theirs. Requests that meet one session at once may all find that they made it, since a create
   * with the same values answers like one that a client resent. A crash before theirs is deleted leaves both, and ours counts.
   */
  async #adopt(id: string): Promise<StoredData | null> {
    const record = await this.#shared.record(id);
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

  /** Another instance adopted it while this request ran, or gave it back: the changes go to where it is now. */
  async #writeMoved(id: string, data: StoredData): Promise<void> {
    const now = await this.read(id);
    if (now === null) return this.reportGone();
    this.#shared.mergeInto(data, now);
    await this.write(id, now);
    this.#shared.noteMoved(id, data, now);
  }
}

interface OurSession {
  readonly data: StoredData | null;
  readonly state: KeptRecord["state"];
}

function isReplaced(error: unknown): false {
  if (error instanceof SessionReplacedError) return false;
  throw error;
}
