import type { SharedState } from "@unstick/session";
import { type SessionData, Store } from "express-session";
import type { KoaSessionStore } from "./koa-app.ts";

const sessionLifetimeMs = 86_400_000;

/** express-session over a shared state: the whole session as one value. */
export class ExpressStateStore extends Store {
  readonly #state: SharedState;

  constructor(state: SharedState) {
    super();
    this.#state = state;
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#state.get(keyOf(id)).then((text) => done(null, parse(text) as SessionData | null), done);
  }

  override set(id: string, session: SessionData, done?: (error?: unknown) => void): void {
    this.#state.put(keyOf(id), JSON.stringify(session), sessionLifetimeMs).then(() => done?.(), done);
  }

  override destroy(id: string, done?: (error?: unknown) => void): void {
    this.#state.remove(keyOf(id)).then(() => done?.(), done);
  }
}

/** The same for koa-session. */
export function koaStateStore(state: SharedState): KoaSessionStore {
  return {
    get: async (id) => parse(await state.get(keyOf(id))),
    set: (id, session) => state.put(keyOf(id), JSON.stringify(session), sessionLifetimeMs),
    destroy: async (id) => void (await state.remove(keyOf(id))),
  };
}

/** In this process alone, as express-session's MemoryStore is. */
export function koaMapStore(): KoaSessionStore {
  const sessions = new Map<string, string>();
  return {
    get: async (id) => parse(sessions.get(id) ?? null),
    set: async (id, session) => void sessions.set(id, JSON.stringify(session)),
    destroy: async (id) => void sessions.delete(id),
  };
}

function keyOf(id: string): string {
  return `session:${id}`;
}

function parse(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}
