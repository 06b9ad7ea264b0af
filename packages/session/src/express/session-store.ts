import { EventEmitter } from "node:events";
import type { Backend } from "../backend.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { SessionGoneError, SessionReplacedError } from "../engine/errors.ts";
import type { PrincipalSessions } from "../engine/principal-sessions.ts";
import type { Session } from "../engine/session.ts";
import { handleKey, sessionKey } from "../engine/session-id.ts";
import { BackendWatch } from "./backend-watch.ts";
import { noteMissingCookie, requireCookie, withoutNote } from "./missing-cookie.ts";
import { type StoreCallback, settle } from "./store-callback.ts";
import {
  clearSessions,
  countSessions,
  type ListedSession,
  listHandles,
  readSessions,
} from "./store-listing.ts";
import {
  readStoreOptions,
  type StoredData,
  type StoredSession,
  type StoreOptions,
  type StorePolicy,
} from "./store-options.ts";
import { type SessionRequest, StoreSession, storedCookie } from "./store-session.ts";

/**
 * A Store for express-session (1.x and the coming 2.0) on any {@link Backend}. A session that was loaded is
 * saved as the difference to what was loaded, and only while it lives, so requests that overlap lose nothing
 * and bring back nothing. Every method takes a callback, answers a promise, or both.
 */
export class SessionStore extends EventEmitter {
  /** What was loaded, by the object that was made of it: a save compares with it. */
  readonly #bases = new WeakMap<object, Session>();
  /** Sessions that the application had made of plain data: alive or not, nobody knows. */
  readonly #unknown = new WeakSet<object>();
  readonly #engine: Engine;
  protected readonly policy: StorePolicy;
  readonly #watch: BackendWatch | undefined;
  /** Set by express-session, which calls it for a new session. */
  declare generate: (request: never) => void;

  constructor(backend: Backend, options: StoreOptions = {}) {
    super();
    const { policy, engine } = readStoreOptions(backend, options);
    this.policy = policy;
    this.#engine = createEngine(engine);
    this.#watch = policy.disconnectEvents ? new BackendWatch(this, this.#engine) : undefined;
  }

  /** A user's sessions, with the option `principal`: list them, end them. */
  get principals(): PrincipalSessions {
    return this.#engine.principals;
  }

  // Generic, because applications declare what is in their sessions, and @types/express-session with them.

  /** The session under an id that a client gave, or `null`. A handle opens nothing. */
  get<Data extends object = StoredSession>(
    id: string,
    callback?: StoreCallback<Data | null>,
  ): Promise<Data | null | undefined> {
    return this.#answer(this.read(id) as Promise<Data | null>, callback);
  }

  /** Save: a session that was loaded as an update, any other as a new one or in place of what is stored. */
  set(id: string, session: object, callback?: StoreCallback): Promise<void> {
    return this.#answer(this.write(id, session as StoredData), callback);
  }

  /** End a session, by its id or its handle. */
  destroy(id: string, callback?: StoreCallback): Promise<void> {
    return this.#answer(this.end(id), callback);
  }

  /** Move the deadline of a session that lives, by its id or its handle, when that is due. */
  touch(id: string, session: object, callback?: StoreCallback): Promise<void> {
    return this.#answer(this.keepAlive(id, session as StoredData), callback);
  }

  /** All sessions, each with its handle as `id`. Reads every one: never on a request path. */
  all<Data extends object = ListedSession>(callback?: StoreCallback<Data[]>): Promise<Data[] | undefined> {
    return this.#answer(this.#over(readSessions) as Promise<object[]> as Promise<Data[]>, callback);
  }

  length(callback?: StoreCallback<number>): Promise<number | undefined> {
    return this.#answer(this.#over(countSessions), callback);
  }

  /** Handles of all sessions. */
  ids(callback?: StoreCallback<string[]>): Promise<string[] | undefined> {
    return this.#answer(this.#over(listHandles), callback);
  }

  /** End all sessions of this store, and nothing of others. */
  clear(callback?: StoreCallback): Promise<void> {
    return this.#answer(this.#over(clearSessions), callback);
  }

  /** As express-session's, with the base handed on to the object that it makes. */
  createSession<Made extends object = StoreSession>(request: SessionRequest, loaded: object): Made {
    const data = loaded as Record<string, unknown>;
    requireCookie(data);
    data.cookie = storedCookie((data.cookie ?? {}) as Record<string, unknown>);
    const session = new StoreSession(request, data);
    const base = this.#bases.get(data);
    if (base === undefined) this.#unknown.add(session);
    else this.#bases.set(session, base);
    request.session = session;
    return session as object as Made;
  }

  /** `Loaded` is what the caller calls a session: `SessionData`, with whatever an application declared in it. */
  load<Loaded = StoreSession>(id: string, callback: StoreCallback<Loaded>): void {
    void this.get(id, (error, data) => {
      if (error) return callback(error);
      if (!data) return callback(null);
      callback(null, this.createSession({ sessionID: id, sessionStore: this }, data) as Loaded);
    });
  }

  /** End the session and begin another. Of two requests that do it to one session, the second gets an error. */
  regenerate(request: SessionRequest, callback: StoreCallback): void {
    const session = request.session as object | undefined;
    const end =
      session === undefined ? this.end(request.sessionID) : this.replace(request.sessionID, session);
    void settle(end, (error) => {
      if (!error) this.generate(request as never);
      callback(error ?? undefined);
    });
  }

  /** Release what the store itself opened. */
  close(): Promise<void> {
    this.#watch?.stop();
    return this.#engine.close();
  }

  /** What {@link get} does; a store that also knows another's records overrides it. `read`: instead of the backend's. */
  protected async read(id: string, read?: Backend["read"]): Promise<StoredData | null> {
    const session = await this.#engine.load(id, { read });
    if (session === null) return null;
    const data = withoutNote(session.toObject());
    if (session.isDamaged) return null;
    this.#bases.set(data, session);
    return data;
  }

  protected async write(id: string, data: StoredData): Promise<void> {
    const idleMs = this.policy.idleMs(data);
    const base = this.#baseOf(id, data);
    const session = base ?? this.#engine.create(id);
    this.#prepare(session, data, idleMs);
    if (base === undefined && idleMs <= 0) return this.end(id);
    const outcome = await session.save({ deadline: "always" });
    if (outcome === "taken") return this.#overwrite(id, data, idleMs);
    if (outcome === "created") this.#bases.set(data, session);
    if (outcome === "gone" || outcome === "moved") return this.refused(id, data);
  }

  /** Store a session only if its id is free: `"taken"` when it is alive, `"gone"` when it ended a moment ago. */
  protected async createOnly(id: string, data: StoredData): Promise<"created" | "taken" | "gone"> {
    const session = this.#engine.create(id);
    this.#prepare(session, data, this.policy.idleMs(data));
    const outcome = await session.save();
    if (outcome === "created") this.#bases.set(data, session);
    return outcome === "created" || outcome === "taken" ? outcome : "gone";
  }

  protected async end(id: string): Promise<void> {
    await this.#engine.end(handleKey(id) ?? sessionKey(id), { unlink: this.policy.hasPrincipal });
  }

  protected async keepAlive(id: string, data: StoredData): Promise<void> {
    if (this.policy.disableTouch) return;
    const idleMs = this.policy.idleMs(data);
    const base = this.#baseOf(id, data);
    if (base === undefined) {
      const relink = this.policy.hasPrincipal;
      await this.#engine.touch(handleKey(id) ?? sessionKey(id), idleMs, { relink });
      return;
    }
    base.idleMs = idleMs;
    if (data.cookie !== undefined) base.set("cookie", data.cookie);
    await base.save({ only: ["cookie"] });
  }

  /** The base of a session, when it is that of this id: data copied to another id is new there. */
  #baseOf(id: string, data: object): Session | undefined {
    const base = this.#bases.get(data);
    return base?.id === id ? base : undefined;
  }

  #prepare(session: Session, data: StoredData, idleMs: number): void {
    session.assign(data);
    noteMissingCookie(session, data);
    session.idleMs = idleMs;
    if (!this.policy.hasPrincipal) return;
    session.principal = this.policy.principal(data);
    session.device = this.policy.device((data as { req?: SessionRequest }).req);
  }

  /** Plain data given for an id that is in use takes the place of what is stored, as it would elsewhere. */
  async #overwrite(id: string, data: StoredData, idleMs: number): Promise<void> {
    const session = await this.#engine.load(id);
    if (session === null) return this.reportGone();
    this.#prepare(session, data, idleMs);
    const outcome = await session.save({ deadline: "always" });
    if (outcome === "gone" || outcome === "moved") this.reportGone();
  }

  /** End a session in whose place another begins. */
  protected async replace(id: string, session: object): Promise<void> {
    const base = this.#baseOf(id, session);
    if (base !== undefined) {
      if (!(await base.destroy())) throw new SessionReplacedError();
    } else if (this.#unknown.has(session)) {
      await this.end(id);
    }
  }

  /** The session of this store's own records that one was loaded from, or stored as. */
  protected baseOf(session: object): Session | undefined {
    return this.#bases.get(session);
  }

  /** Throws where this store holds sessions that it cannot list. */
  protected requireEnumerable(): void {}

  /** A write of a session that was loaded was refused, because it is not there any more. */
  protected async refused(_id: string, _data: StoredData): Promise<void> {
    this.reportGone();
  }

  /** Of a session that ended. */
  protected reportGone(): void {
    if (this.policy.onGone === "error") throw new SessionGoneError();
  }

  /** Over all sessions; where not all can be listed, an error. */
  async #over<Value>(list: (engine: Engine) => Promise<Value>): Promise<Value> {
    this.requireEnumerable();
    return list(this.#engine);
  }

  #answer<Value>(work: Promise<Value>, callback: StoreCallback<Value> | undefined): Promise<Value> {
    const watched = this.#watch === undefined ? work : this.#watch.over(work);
    return settle(watched, callback) as Promise<Value>;
  }
}
