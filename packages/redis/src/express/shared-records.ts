import { typedJsonSerializer } from "@unstick/session";
import type { StoredData } from "@unstick/session/express";
import { reportDamagedRecord } from "../damaged-record.ts";
import type { PeerRecord, PeerRecords } from "../peer-records.ts";
import { isUnconfirmed, UNCONFIRMED } from "./give-back.ts";
import { isSameData, mergeSessions } from "./merge-sessions.ts";

/** connect-redis's option `serializer`: it turns a whole session into a string. */
export interface WholeSerializer {
  stringify(session: object): string;
  parse(text: string): unknown;
}

/**
 * `base`: this request's session of `id` as it last agreed with the store. `stored`: their record as it then was;
 * `undefined` when ours counted.
 */
interface Known {
  readonly id: string;
  readonly base: string;
  readonly stored: string | undefined;
}

/** Works on connect-redis's records in place, beside instances that run it. */
export class SharedRecords {
  readonly #records: PeerRecords;
  readonly #serializer: WholeSerializer;
  readonly #known = new WeakMap<object, Known>();

  /** The types that our own serializer keeps are JSON's for connect-redis. */
  constructor(records: PeerRecords, serializer: unknown) {
    this.#records = records;
    this.#serializer =
      serializer === undefined || serializer === typedJsonSerializer ? JSON : (serializer as WholeSerializer);
  }

  /** Whether a session was last seen as their record. */
  isKnown(session: object): boolean {
    return this.#known.get(session)?.stored !== undefined;
  }

  handOn(from: object, to: object): void {
    const known = this.#known.get(from);
    if (known !== undefined) this.#known.set(to, known);
  }

  /** Remember a session of ours as it is stored: should it become theirs meanwhile, the changes go there. */
  noteOurs<Data extends StoredData>(id: string, session: Data): Data {
    const base = this.textOf(session);
    if (base === undefined) this.#known.delete(session);
    else this.#known.set(session, { id, base, stored: undefined });
    return session;
  }

  /** What this request changed was put on the session as it is `now`: from here on compare with that. */
  noteMoved(id: string, session: StoredData, now: StoredData): void {
    const base = this.textOf(session);
    const stored = this.#known.get(now)?.stored ?? this.#known.get(session)?.stored;
    if (base !== undefined) this.#known.set(session, { id, base, stored });
  }

  /** connect-redis's string for a session; `undefined` when it has none (a bigint, say). */
  textOf(session: object): string | undefined {
    try {
      return this.#serializer.stringify(session);
    } catch {
      return undefined;
    }
  }

  /** Whether two of their strings hold the same, the cookies' settings apart. */
  isSame(one: string, other: string): boolean {
    const [left, right] = [this.#parseObject(one), this.#parseObject(other)];
    return left !== undefined && right !== undefined && isSameData(left, right);
  }

  /** The session of an id; `undefined` when there is none that can be read. */
  async read(id: string): Promise<StoredData | undefined> {
    const record = await this.record(id);
    const data = record && this.parse(record);
    if (data !== undefined) this.#known.set(data, { id, base: record!.text, stored: record!.text });
    return data;
  }

  /** Their record of an id; a copy of ours that is not confirmed is none. */
  async record(id: string): Promise<PeerRecord | undefined> {
    const record = await this.#records.read(id);
    return record === undefined || isUnconfirmed(record.text) ? undefined : record;
  }

  /** What a record holds; `undefined`, and an event, when it cannot be read. */
  parse({ text, remainingMs }: PeerRecord): StoredData | undefined {
    const data = this.#parseObject(text);
    if (data === undefined) {
      reportDamagedRecord("connect-redis");
      return undefined;
    }
    const { cookie } = data as { cookie?: { expires?: unknown } };
    if (remainingMs !== undefined && typeof cookie?.expires === "string") {
      // connect-redis's touch moves the deadline of the key and leaves that of the cookie as it was.
      cookie.expires = new Date(Date.now() + remainingMs).toISOString();
    }
    return data as StoredData;
  }

  #parseObject(text: string): object | undefined {
    try {
      const data = this.#serializer.parse(text);
      return typeof data === "object" && data !== null ? data : undefined;
    } catch {
      return undefined;
    }
  }

  /** Save, attribute by attribute, by compare-and-set. Answers `false` when the session ended meanwhile. */
  async write(id: string, session: StoredData, lifetimeMs: number): Promise<boolean> {
    const base = this.#serializer.stringify(session);
    const known = this.#known.get(session);
    const stored =
      known?.stored === undefined || known.id !== id
        ? await this.#begin(id, base, lifetimeMs)
        : await this.#replace(id, known.base, known.stored, base, lifetimeMs);
    if (stored !== undefined) this.#known.set(session, { id, base, stored });
    return stored !== undefined;
  }

  /** Put what a request changed on a session that is stored elsewhere by now. */
  mergeInto(session: StoredData, target: StoredData): void {
    const base = this.#serializer.parse(this.#known.get(session)?.base ?? "{}") as object;
    assignMerged(base, target, this.#serializer.parse(this.#serializer.stringify(session)) as object);
  }

  /** Put what changed between two states of their record on the session that was made of the first. */
  bringOver(from: PeerRecord, to: PeerRecord, target: StoredData): void {
    const [base, changed] = [this.#parseObject(from.text), this.#parseObject(to.text)];
    if (base !== undefined && changed !== undefined) assignMerged(base, target, changed);
  }

  /** Move the deadline of their record. */
  touch(id: string, lifetimeMs: number): Promise<void> {
    return this.#records.touch(id, lifetimeMs, UNCONFIRMED);
  }

  async #begin(id: string, text: string, lifetimeMs: number): Promise<string> {
    await this.#records.put(id, text, lifetimeMs);
    return text;
  }

  async #replace(
    id: string,
    base: string,
    from: string,
    ours: string,
    lifetimeMs: number,
  ): Promise<string | undefined> {
    let stored = from;
    for (;;) {
      const next = stored === base ? ours : this.#merge(base, stored, ours);
      const outcome = await this.#records.replace(id, stored, next, lifetimeMs);
      if (outcome === true) return next;
      if (outcome === undefined || isUnconfirmed(outcome)) return undefined;
      stored = outcome;
    }
  }

  #merge(base: string, theirs: string, ours: string): string {
    const whole = (text: string): object => this.#serializer.parse(text) as object;
    return this.#serializer.stringify(mergeSessions(whole(base), whole(theirs), whole(ours)));
  }
}

function assignMerged(base: object, target: object, ours: object): void {
  const merged = mergeSessions(base, target, ours);
  for (const name of Object.keys(target)) {
    if (!Object.hasOwn(merged, name)) Reflect.deleteProperty(target, name);
  }
  // Not by assignment: `__proto__` is a name like any other.
  for (const [name, value] of Object.entries(merged)) {
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
  }
}
