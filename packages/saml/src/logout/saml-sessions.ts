import type { Backend, PrincipalEntry, PrincipalIndex, SessionKey, SharedState } from "@unstick/session";
import { sessionKey } from "@unstick/session";
import { SamlError } from "../errors.ts";
import { emit } from "../events.ts";
import type { SamlLogin } from "../message/login.ts";
import type { LogoutRequest } from "../message/logout-request.ts";
import { type NameId, principalKey } from "../message/name-id.ts";
import { type Shelf, shelf } from "../shelf.ts";

/** Where the application's sessions live: any backend of ours. */
export type SessionBackend = Pick<Backend, "read" | "destroy"> & PrincipalIndex;

export interface SamlSessionsOptions {
  readonly state: SharedState;
  /** Absent: logouts end nothing here, but still refuse assertions that arrive after them. */
  readonly sessions: SessionBackend | undefined;
  readonly scope: string;
  /** Our own entity id. */
  readonly entityId: string;
  readonly clockSkewMs: number;
  /** How long an entry of the index lives, unless its session is used or the identity provider names its end. */
  readonly sessionLifetimeMs: number;
}

/** A session that ends stays refused for as long as a request in flight may take. */
const TOMBSTONE_MS = 60_000;

/** Longer than it takes from the entry of a session to its first write. */
const SETTLED_MS = 300_000;

/** So that one login costs little, whatever has gathered. */
const MOST_PRUNED = 16;

/** A logout that names no end is remembered for longer than assertions live, and good for no longer than that. */
const LOGOUT_MEMORY_MS = 3_600_000;

/**
 * Which sessions an identity provider's principal has here, in the principal index of sessions; and which
 * principals were logged out a moment ago.
 */
export class SamlSessions {
  readonly #options: SamlSessionsOptions;
  readonly #ended: Shelf;
  readonly #requests: Shelf;

  constructor(options: SamlSessionsOptions) {
    this.#options = options;
    this.#ended = shelf(options.state, "logged-out", options.scope);
    this.#requests = shelf(options.state, "logout-request", options.scope);
  }

  /**
   * Enter a session under its final id. Throws {@link SamlError} (`logged_out`), and ends the session, when the
   * identity provider has ended the login meanwhile: the entry is made first and the logout's mark first, so one
   * of the two sees the other.
   */
  async link(login: SamlLogin, sessionId: string): Promise<void> {
    const { sessions, sessionLifetimeMs } = this.#options;
    if (sessions === undefined) return;
    const key = sessionKey(sessionId);
    const principal = this.#principalOf(login.issuer, login.nameId);
    const untilEnd = login.sessionEndsAtMs === null ? sessionLifetimeMs : login.sessionEndsAtMs - Date.now();
    const entry: Entry = { sessionIndex: login.sessionIndex, atMs: Date.now() };
    const lifetime = { idleMs: Math.max(1, Math.ceil(untilEnd)) };
    await sessions.linkPrincipal(principal, key, JSON.stringify(entry), lifetime);
    if (!(await this.isEnded(login))) return this.#prune(sessions, principal);
    await this.#endKey(sessions, key);
    await sessions.unlinkPrincipal(principal, key);
    throw new SamlError("logged_out");
  }

  /** The session ended by itself, or its id was replaced. */
  async unlink(login: SamlLogin, key: SessionKey): Promise<void> {
    const principal = this.#principalOf(login.issuer, login.nameId);
    await this.#options.sessions?.unlinkPrincipal(principal, key);
  }

  /** Entries of sessions that have ended by themselves; one that was just made may not be stored yet. */
  async #prune(sessions: SessionBackend, principal: string): Promise<void> {
    const old = (await sessions.principalSessions(principal))
      .filter(({ entry }) => Date.now() - readEntry(entry).atMs >= SETTLED_MS)
      .slice(0, MOST_PRUNED);
    await Promise.all(
      old.map(async ({ key }) => {
        if (await isGone(sessions, key)) await sessions.unlinkPrincipal(principal, key);
      }),
    );
  }

  /**
   * Whether a LogoutRequest that came before this assertion names it (core 3.7.3.1). Both times are the identity
   * provider's, so no skew comes in: it would keep out for as long whoever logs in again.
   */
  async isEnded(login: SamlLogin): Promise<boolean> {
    const principal = this.#principalOf(login.issuer, login.nameId);
    const names = [principal];
    if (login.sessionIndex !== null) names.push(indexName(principal, login.sessionIndex));
    const marks = await Promise.all(names.map((name) => this.#ended.get(name)));
    return marks.some((mark) => mark !== null && login.issuedAtMs <= Number(mark));
  }

  /**
   * End what a LogoutRequest names; answers how many were ended. A request that was done before ends nothing; one that
   * could be remembered no longer is refused.
   */
  async end(request: LogoutRequest): Promise<number> {
    const memoryMs = this.#memoryOf(request);
    if (memoryMs <= 0) throw new SamlError("refused", { cause: new Error("it names no end and is too old") });
    const requestName = JSON.stringify([request.issuer, request.id]);
    if (await this.#requests.isTaken(requestName)) return 0;
    const principal = this.#principalOf(request.issuer, request.nameId);
    const { sessionIndexes } = request;
    const names =
      sessionIndexes.length === 0 ? [principal] : sessionIndexes.map((at) => indexName(principal, at));
    await Promise.all(names.map((name) => this.#mark(name, request.issuedAtMs, memoryMs)));
    const ended = await this.#endSessions(principal, sessionIndexes);
    await this.#requests.add(requestName, "", memoryMs);
    emit("logged-out", { scope: this.#options.scope, sessions: ended });
    return ended;
  }

  /** A mark of a newer LogoutRequest stays: they may arrive in another order than they were made. */
  async #mark(name: string, issuedAtMs: number, memoryMs: number): Promise<void> {
    const known = await this.#ended.get(name);
    if (known === null || Number(known) < issuedAtMs) {
      await this.#ended.put(name, String(issuedAtMs), memoryMs);
    }
  }

  async #endSessions(principal: string, sessionIndexes: readonly string[]): Promise<number> {
    const { sessions } = this.#options;
    if (sessions === undefined) return 0;
    let ended = 0;
    for (const { key, entry } of await sessions.principalSessions(principal)) {
      if (sessionIndexes.length > 0 && !isNamed(entry, sessionIndexes)) continue;
      // Ended first and unlinked then: a process that dies in between leaves an entry to a dead session.
      if (await this.#endKey(sessions, key)) ended += 1;
      await sessions.unlinkPrincipal(principal, key);
    }
    return ended;
  }

  /** Follows a session to where a new id moved it. */
  async #endKey(sessions: SessionBackend, key: SessionKey): Promise<boolean> {
    for (let at = key; ; ) {
      const result = await sessions.destroy(at, TOMBSTONE_MS);
      if (result.outcome !== "moved") return result.outcome === "ok";
      at = result.movedTo;
    }
  }

  /** For as long as the request could be presented, and assertions that were made before it. */
  #memoryOf({ issuedAtMs, expiresAtMs }: LogoutRequest): number {
    const { clockSkewMs } = this.#options;
    if (expiresAtMs === null) return Math.ceil(issuedAtMs - Date.now() + LOGOUT_MEMORY_MS + clockSkewMs);
    return Math.ceil(Math.max(LOGOUT_MEMORY_MS, expiresAtMs - Date.now() + clockSkewMs));
  }

  #principalOf(issuer: string, nameId: NameId): string {
    return principalKey(this.#options.scope, issuer, nameId, this.#options.entityId);
  }
}

/** What the index notes of a session. */
interface Entry {
  readonly sessionIndex: string | null;
  /** When it was entered. */
  readonly atMs: number;
}

async function isGone(sessions: SessionBackend, key: SessionKey): Promise<boolean> {
  try {
    return (await sessions.read(key)) === null;
  } catch {
    return false;
  }
}

function readEntry(entry: PrincipalEntry["entry"]): Entry {
  return JSON.parse(entry) as Entry;
}

function indexName(principal: string, sessionIndex: string): string {
  return `${principal} ${sessionIndex}`;
}

/** A session whose assertion had no SessionIndex cannot be told apart from one that is named: it ends too. */
function isNamed(entry: PrincipalEntry["entry"], sessionIndexes: readonly string[]): boolean {
  const { sessionIndex } = readEntry(entry);
  return sessionIndex === null || sessionIndexes.includes(sessionIndex);
}
