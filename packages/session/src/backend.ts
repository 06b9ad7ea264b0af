/**
 * What a verb answers: at once, or by a promise. A backend that need not wait gives the value itself, and whoever asks
 * is spared the promises and the turns of the event loop that one would bring along; what would reject is thrown then.
 * Most callers `await` either way.
 */
export type Answer<Value> = Value | Promise<Value>;

/** The same verbs, of a backend that answers by promises alone: for who wants to chain them. */
export type Promised<Verbs> = {
  [Name in keyof Verbs]: Verbs[Name] extends (...args: infer Args) => infer Result
    ? [Result] extends [AsyncIterable<unknown>]
      ? Verbs[Name]
      : (...args: Args) => Promise<Awaited<Result>>
    : Verbs[Name];
};

/**
 * Where sessions live. A backend stores attributes (name → serialised value) under a key, and every verb is
 * one atomic step by the backend's own clock. Missing is a value; a verb rejects (or throws: {@link Answer}) only when
 * the backend itself fails or misses its deadline ({@link BackendError}).
 *
 * There is no upsert: {@link Backend.create} needs a free key and {@link Backend.update} a live session, so
 * a late write never revives a session that was destroyed.
 *
 * Damage: `read`, `update`, `touch` and `rename` reject on a record that cannot be decoded or is of a newer
 * format and leave it where it is; `create` answers `"taken"`; `destroy` ends it like any other.
 */
export interface Backend {
  /** What errors and metrics call it: `"memory"`, `"redis"`, `"lmdb"`. Never an address. */
  readonly name: string;

  /**
   * The attributes of a live session, or `null` when there is none: never stored, expired or destroyed.
   * A key renamed a moment ago reads, for the grace of the rename, as the session was *before* it, with
   * `movedTo` set and `remainingMs` counting what is left of the grace. A record that cannot be read rejects with {@link DamagedRecordError}, a record of a
   * newer format with {@link NewerRecordError}; neither is removed.
   */
  read(key: SessionKey): Answer<StoredSession | null>;

  /**
   * Store a new session. `"taken"` when the key is alive, `"gone"` when it was destroyed or renamed a
   * moment ago (its tombstone stands). Nothing is changed in either case. A session without attributes is
   * a session too.
   */
  create(key: SessionKey, attributes: Attributes, lifetime: Lifetime): Answer<CreateOutcome>;

  /**
   * Change the attributes named in `change`, and no others, of a live session, and move its deadline.
   * All or nothing: on any outcome but `"ok"` nothing was changed.
   * A `token` that was seen before on this session makes the call a no-op that answers `"ok"` with the
   * current values, so that a client that resends after a lost reply applies a counter once. A no-op does
   * not move the deadline. Liveness is judged first, then the token, then `expect` and `add`; a token whose
   * write was refused is not remembered.
   */
  update(
    key: SessionKey,
    change: AttributeChange,
    lifetime: Lifetime,
    token?: WriteToken,
  ): Answer<UpdateOutcome>;

  /** Move the deadline of a live session. `"gone"`/`"moved"` change nothing. */
  touch(key: SessionKey, lifetime: Lifetime): Answer<"ok" | "gone" | "moved">;

  /**
   * End a session and leave a tombstone for `tombstoneMs`, so that a stale `create` under the same key
   * fails too. The tombstone is left whether or not there was a session (`"ok"` or `"gone"`); one that
   * stands already is never shortened. `tombstoneMs` of zero or less leaves none. `"moved"`: the key was
   * renamed and is in its grace; the old name is ended, and `movedTo` names the session that lives on.
   */
  destroy(key: SessionKey, tombstoneMs: number): Answer<DestroyOutcome>;

  /**
   * Give a live session a new key, changing attributes in the same step. The old key decides: of two that
   * rename one session, the second gets `"moved"`. For `graceMs` the old key still reads the attributes as
   * they were (see {@link Backend.read}) and refuses writes with `"moved"`; then it is as if destroyed, with
   * a tombstone of {@link RENAMED_TOMBSTONE_MS}. The time of creation and the tokens seen move along.
   * `"conflict"` changes nothing. A `to` that is taken (alive, in grace, a tombstone, or `from` itself) ends
   * the session as `destroy` would, with a tombstone of the same length.
   * A crash between the two halves (backends that span several slots) ends the session, never forks it.
   */
  rename(
    from: SessionKey,
    to: SessionKey,
    change: AttributeChange,
    lifetime: Lifetime,
    graceMs: number,
  ): Answer<RenameOutcome>;

  /** Release what the backend itself opened. A client that was handed in stays open. */
  close?(): Promise<void>;
}

/** How long after its grace a renamed key keeps its tombstone: longer than a request in flight lives. */
export const RENAMED_TOMBSTONE_MS: number = 60_000;

/**
 * `base64url(sha256(session id))`: 43 characters of `[A-Za-z0-9_-]`, without the backend's prefix. The id
 * itself never reaches a backend.
 */
export type SessionKey = string;

/**
 * Attribute name → serialised value. Names are any non-empty strings (`__proto__` included, hence a Map);
 * values are any strings, the empty one included; both are well-formed Unicode (no lone surrogates). What
 * they mean is the engine's business.
 */
export type Attributes = ReadonlyMap<string, string>;

/**
 * How long a session lives, in milliseconds from now by the backend's clock: the deadline becomes
 * `min(now + idleMs, createdAt + absoluteMs)`. Both are integers; `idleMs` of zero or less ends the session.
 *
 * A deadline that is not in the future ends the session as if it had expired: the verb answers what it
 * would have answered otherwise, nothing is alive afterwards, and no tombstone is left.
 */
export interface Lifetime {
  readonly idleMs: number;
  /** Longest life since the session was created. Absent: no such limit. */
  readonly absoluteMs?: number;
}

export interface StoredSession {
  /**
   * As they were when they were read, whatever is written later. For reading only: a backend may hand out its own,
   * and need not hand out a `Map`. Compare and copy them as `new Map(attributes)`.
   */
  readonly attributes: Attributes;
  /** Milliseconds until the deadline, by the backend's clock. */
  readonly remainingMs: number;
  /** Milliseconds since the session was created, by the backend's clock; a rename keeps it. */
  readonly ageMs: number;
  /** Set while the key is in the grace after a rename: where the session lives now. Read-only. */
  readonly movedTo?: SessionKey;
}

/** An attribute is named in at most one of `set`, `remove` and `add`; `expect` may name any. */
export interface AttributeChange {
  readonly set?: Attributes;
  readonly remove?: readonly string[];
  /**
   * Add safe integers to attributes that hold decimal integers (`0` or `-?[1-9][0-9]*`, safe; absent counts
   * as 0). A value of another form, or a sum beyond the safe integers, answers `"conflict"`.
   */
  readonly add?: ReadonlyMap<string, number>;
  /** Apply only if each named attribute has exactly this value (`null`: is absent); else `"conflict"`. */
  readonly expect?: ReadonlyMap<string, string | null>;
}

/** Names one write for good: the process that makes it, and a number that grows by one with each write. */
export interface WriteToken {
  /** 1–22 characters of `[A-Za-z0-9_-]`, random per process. */
  readonly writer: string;
  /**
   * Positive safe integer. A backend remembers at least the 32 highest of each of the last 16 writers on a
   * session, in whatever order they arrive; what it answers to older ones is not defined.
   */
  readonly sequence: number;
}

export type CreateOutcome = "ok" | "taken" | "gone";

export type UpdateOutcome =
  /** Applied. `current`: the values after the write of the attributes in `add`. */
  | { readonly outcome: "ok"; readonly current: Attributes }
  | { readonly outcome: "gone" }
  /** The key was renamed a moment ago. */
  | { readonly outcome: "moved"; readonly movedTo: SessionKey }
  /** `expect` or `add` did not fit. `current`: the values now of the attributes named in them that exist. */
  | { readonly outcome: "conflict"; readonly current: Attributes };

export type DestroyOutcome =
  | { readonly outcome: "ok" | "gone" }
  | { readonly outcome: "moved"; readonly movedTo: SessionKey };

export type RenameOutcome =
  | { readonly outcome: "ok" }
  /** No live session under `from`; or `to` was taken, in which case the session is ended. */
  | { readonly outcome: "gone" }
  | { readonly outcome: "moved"; readonly movedTo: SessionKey }
  | { readonly outcome: "conflict"; readonly current: Attributes };

/** A further power: which sessions there are. Never used on a request path. */
export interface SessionEnumeration {
  /**
   * Keys of live sessions; one that lives throughout is given exactly once, others perhaps. Keys in the
   * grace of a rename, tombstones and damaged records are not sessions.
   */
  sessionKeys(): AsyncIterable<SessionKey>;
  /**
   * End all sessions of this backend's prefix, keys in grace and damaged records included, with tombstones;
   * answers how many were alive. Nothing foreign is touched.
   */
  destroyAll(tombstoneMs: number): Promise<number>;
}

/**
 * A further power: whose sessions they are. `principal` is a hash made by the engine, in the form of a
 * {@link SessionKey}. The index prunes itself and costs by the principal's own sessions.
 */
export interface PrincipalIndex {
  /**
   * Enter a session. `limit`: with `max` others already alive, `"reject"` answers `"limit"` and enters
   * nothing; `"evict-oldest"` enters it and answers the keys that must end to make room, oldest first. They
   * stay listed until they are unlinked, so that a caller that dies before it has ended them leaves none
   * behind. An entry lives until `now + min(idleMs, absoluteMs)`. Entering a key again replaces its entry and
   * its lifetime and keeps its place. `placeOf`: a key whose place it takes, if that is listed, as in a rename
   * where both are listed for a moment; keys of one place count as one, and are evicted together.
   */
  linkPrincipal(
    principal: string,
    key: SessionKey,
    entry: string,
    lifetime: Lifetime,
    limit?: { readonly max: number; readonly policy: "reject" | "evict-oldest" },
    placeOf?: SessionKey,
  ): Answer<{ readonly outcome: "ok" | "limit"; readonly evict: readonly SessionKey[] }>;
  /** Leave. Unknown is no error. */
  unlinkPrincipal(principal: string, key: SessionKey): Answer<void>;
  /** A principal's sessions in order of entry. May name sessions that ended a moment ago. Entries whose
   * lifetime has passed are not named. */
  principalSessions(principal: string): Answer<readonly PrincipalEntry[]>;
}

export interface PrincipalEntry {
  readonly key: SessionKey;
  /** What {@link PrincipalIndex.linkPrincipal} was given: the engine's own serialised note (device, times). */
  readonly entry: string;
}
