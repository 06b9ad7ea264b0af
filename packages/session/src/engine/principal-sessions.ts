import type { Answer, PrincipalEntry, PrincipalIndex, SessionKey } from "../backend.ts";
import { OptionError } from "../errors.ts";
import { asIs } from "./as-is.ts";
import { UnsupportedError } from "./errors.ts";
import { loadState } from "./load-session.ts";
import { endKey, principalKey, unlinkPrincipal } from "./principal-link.ts";
import { handleKey, sessionHandle } from "./session-id.ts";
import type { EngineContext } from "./session-state.ts";

/** One line of "where you are signed in". Times are Dates by this process's clock. */
export interface PrincipalSession {
  /** Ends the session when given to {@link PrincipalSessions.end}; opens nothing. */
  readonly handle: string;
  readonly createdAt: Date;
  /** To the touch interval. Near the absolute limit, where deadlines no longer move: not before. */
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly userAgent?: string;
  readonly address?: string;
}

/** So many sessions are read or ended at a time. */
const BATCH = 64;

/** The sessions of a user, wherever they were begun. Costs by the user's own sessions. */
export class PrincipalSessions {
  readonly #context: EngineContext;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Live sessions in the order of their logins. */
  async list(principal: string): Promise<PrincipalSession[]> {
    const entries = await this.#entries(principal);
    const listed: PrincipalSession[] = [];
    for (const batch of batches(entries)) {
      const read = await Promise.all(batch.map(({ key }) => this.#describe(principal, key)));
      for (const session of read) if (session !== undefined) listed.push(session);
    }
    return listed;
  }

  /** End one session of a user's list. Answers `false` when it is not that user's, or not alive. */
  async end(principal: string, handle: string): Promise<boolean> {
    const key = handleKey(handle);
    if (key === undefined) throw new OptionError("handle", "must be a handle, as list() gives it");
    const state = await loadState(this.#context, "", key, asIs);
    if (state?.principal !== principal) return false;
    return this.#endEntry(principal, key);
  }

  /** End all sessions of a user but the one of `keep`, its handle. Answers how many were alive. */
  async endOthers(principal: string, keep: string): Promise<number> {
    const key = handleKey(keep);
    if (key === undefined) throw new OptionError("keep", "must be the handle of the session that stays");
    return this.#endAll(principal, key);
  }

  /**
   * End all sessions of a user, those included that are being stored at that moment: they enter the index
   * first, and a tombstone stops their store. Answers how many were alive.
   */
  async endAll(principal: string): Promise<number> {
    return this.#endAll(principal, undefined);
  }

  async #endAll(principal: string, except: SessionKey | undefined): Promise<number> {
    const seen = new Set<SessionKey>(except === undefined ? [] : [except]);
    let ended = 0;
    for (;;) {
      const entries = await this.#entries(principal);
      const fresh = entries.filter(({ key }) => !seen.has(key));
      if (fresh.length === 0) return ended;
      for (const batch of batches(fresh)) {
        const alive = await Promise.all(batch.map(({ key }) => this.#endEntry(principal, key)));
        ended += alive.filter(Boolean).length;
        for (const { key } of batch) seen.add(key);
      }
    }
  }

  /** The session first, its entry then: whatever breaks off in between, a session that is alive is listed. */
  async #endEntry(principal: string, key: SessionKey): Promise<boolean> {
    const wasAlive = await endKey(this.#context, key, "ended-by-principal");
    await unlinkPrincipal(this.#context, principal, key);
    return wasAlive;
  }

  #entries(principal: string): Answer<readonly PrincipalEntry[]> {
    const index = this.#index();
    return this.#context.call("principalSessions", () => index.principalSessions(principalKey(principal)));
  }

  async #describe(principal: string, key: SessionKey): Promise<PrincipalSession | undefined> {
    const state = await loadState(this.#context, "", key, asIs);
    // One that is not there may be about to be stored: its entry stays, and prunes itself.
    if (state === null || state.movedTo !== undefined || state.principal !== principal) return undefined;
    const now = Date.now();
    return {
      handle: sessionHandle(key),
      createdAt: new Date(now - state.ageMs),
      lastSeenAt: new Date(Math.min(now, now - ((state.notedIdleMs ?? state.idleMs) - state.remainingMs))),
      expiresAt: new Date(now + state.remainingMs),
      ...state.device,
    };
  }

  #index(): PrincipalIndex {
    const { index, backend } = this.#context;
    if (index === undefined) throw new UnsupportedError(backend.name, "index of a user's sessions");
    return index;
  }
}

function* batches<Item>(items: readonly Item[]): IterableIterator<readonly Item[]> {
  for (let from = 0; from < items.length; from += BATCH) yield items.slice(from, from + BATCH);
}
