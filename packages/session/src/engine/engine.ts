import type { Answer, Backend, SessionEnumeration, SessionKey } from "../backend.ts";
import { asIs } from "./as-is.ts";
import { UnsupportedError } from "./errors.ts";
import { emit } from "./events.ts";
import { loadState, newState } from "./load-session.ts";
import { meterSessions } from "./metrics.ts";
import { type EngineOptions, type Policy, readEngineOptions } from "./options.ts";
import { endKey, unlinkPrincipal } from "./principal-link.ts";
import { PrincipalSessions } from "./principal-sessions.ts";
import { Session } from "./session.ts";
import { SessionCount } from "./session-count.ts";
import { createSessionId, isKnownId, isSessionId, sessionHandle, sessionKey } from "./session-id.ts";
import { type EngineContext, engineContext, eventOf } from "./session-state.ts";

export interface LoadOptions {
  /** Instead of the backend's, for a caller that must know more of what is stored. */
  readonly read?: Backend["read"] | undefined;
  /** Of the id, where the caller has it already. */
  readonly key?: SessionKey | undefined;
  /** The caller knows that the id is of a form that `ids: "known"` takes. */
  readonly isKnown?: boolean | undefined;
}

/** What the caller makes of a session that was looked for. */
type As<Result> = (session: Session | null) => Result;

/** Sessions on a backend, under one policy. Knows no framework and no cookie. */
export interface Engine {
  readonly policy: Policy;
  readonly backend: Backend;
  /** One user's sessions: list them, end them. */
  readonly principals: PrincipalSessions;
  /**
   * The session of an id that a client gave. `null`: there is none; the id is malformed (no call is made);
   * or its record is damaged (an event tells). Rejects only with {@link BackendError} or a record of a newer
   * release, both with `status` 503: do not take that for "no session", and set no cookie.
   */
  load(id: string, options?: LoadOptions): Promise<Session | null>;
  /** {@link load}, and what becomes of the session, without a promise where the backend answers at once. */
  loadAs<Result>(id: string, options: LoadOptions, as: As<Result>): Answer<Result>;
  /** The session of a key, as enumeration and lists give it. Its `id` is not known and reads `""`. */
  loadKey(key: SessionKey): Promise<Session | null>;
  /** A new session, of which nothing is stored until it is saved. `id`: only with `ids: "any"`. */
  create(id?: string): Session;
  /**
   * End the session under a key. Answers whether one was alive. `unlink`: also read whose it is, and leave
   * that user's list at once; otherwise the entry prunes itself.
   */
  end(key: SessionKey, options?: { readonly unlink?: boolean }): Promise<boolean>;
  /**
   * Move the deadline of the session under a key. Answers whether one was alive. `relink`: also read whose it
   * is, so that it stays in that user's list; needed where sessions have a principal.
   */
  touch(key: SessionKey, idleMs: number, options?: { readonly relink?: boolean }): Promise<boolean>;
  /** Handles of all live sessions. Never for a request path. Throws where the backend cannot enumerate. */
  handles(): AsyncIterable<string>;
  keys(): AsyncIterable<SessionKey>;
  /** End all sessions of this backend's prefix; answers how many. */
  clear(): Promise<number>;
  /** Release what the backend itself opened. */
  close(): Promise<void>;
}

/** Throws {@link OptionError} for a wrong or unknown option. */
export function createEngine(options: EngineOptions): Engine {
  const policy = readEngineOptions(options);
  const context = engineContext(policy);
  const { backend } = policy;
  if (policy.metrics !== false) meterSessions(backend, sessionCount(policy));
  return Object.freeze({
    policy,
    backend,
    principals: new PrincipalSessions(context),
    load: async (id: string, options: LoadOptions = {}): Promise<Session | null> =>
      load(context, id, options, asIs<Session | null>),
    loadAs: <Result>(id: string, options: LoadOptions, as: As<Result>) => load(context, id, options, as),
    loadKey: async (key: SessionKey): Promise<Session | null> => open(context, "", key, asIs<Session | null>),
    create(id?: string): Session {
      const made = id ?? createSessionId();
      return new Session(context, newState(context, made, sessionKey(made)));
    },
    end: (key: SessionKey, { unlink = false } = {}) => end(context, key, unlink),
    touch: (key: SessionKey, idleMs: number, { relink = false } = {}) =>
      relink ? touchListed(context, key, idleMs) : touch(context, key, idleMs),
    keys: () => enumeration(backend).sessionKeys(),
    async *handles() {
      for await (const key of enumeration(backend).sessionKeys()) yield sessionHandle(key);
    },
    clear: async () => context.call("destroyAll", () => enumeration(backend).destroyAll(policy.tombstoneMs)),
    close: async () => backend.close?.(),
  });
}

function sessionCount({ backend, metrics }: Policy): SessionCount | undefined {
  return typeof metrics === "object"
    ? new SessionCount(enumeration(backend), metrics.countEveryMs)
    : undefined;
}

function load<Result>(
  context: EngineContext,
  id: string,
  { read, key, isKnown = false }: LoadOptions,
  as: As<Result>,
): Answer<Result> {
  const { ids } = context.policy;
  if (!(isKnown && ids === "known") && !isOfForm(ids, id)) {
    emit("refused", () => ({ backend: context.backend.name, reason: "malformed-id" }));
    return as(null);
  }
  return open(context, id, key ?? sessionKey(id), as, read);
}

function isOfForm(ids: Policy["ids"], id: string): boolean {
  return ids === "any" || (ids === "ours" ? isSessionId(id) : isKnownId(id));
}

function open<Result>(
  context: EngineContext,
  id: string,
  key: SessionKey,
  as: As<Result>,
  read?: Backend["read"],
): Answer<Result> {
  return loadState(
    context,
    id,
    key,
    (state) => as(state === null ? null : new Session(context, state)),
    read,
  );
}

async function end(context: EngineContext, key: SessionKey, unlink: boolean): Promise<boolean> {
  const principal = unlink ? await storedPrincipal(context, key) : undefined;
  const wasAlive = await endKey(context, key, "logout");
  await unlinkPrincipal(context, principal, key);
  return wasAlive;
}

function storedPrincipal(context: EngineContext, key: SessionKey): Answer<string | undefined> {
  return loadState(context, "", key, (state) => state?.storedPrincipal);
}

async function touch(context: EngineContext, key: SessionKey, idleMs: number): Promise<boolean> {
  const lifetime = { ...context.policy.lifetime, idleMs: Math.trunc(idleMs) };
  const outcome = await context.call("touch", () => context.backend.touch(key, lifetime));
  if (outcome === "ok") emit("touched", eventOf, context, key);
  return outcome === "ok";
}

async function touchListed(context: EngineContext, key: SessionKey, idleMs: number): Promise<boolean> {
  const session = await open(context, "", key, asIs);
  if (session === null) return false;
  session.idleMs = idleMs;
  const outcome = await session.save({ deadline: "always" });
  return outcome === "touched" || outcome === "expired";
}

function enumeration(backend: Backend): SessionEnumeration {
  if ("sessionKeys" in backend) return backend as Backend & SessionEnumeration;
  throw new UnsupportedError(backend.name, "enumeration of its sessions");
}
