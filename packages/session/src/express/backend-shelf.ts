import type { Answer, SessionKey } from "../backend.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/options.ts";
import type { Kept, Shelf, Visitor } from "./kept.ts";
import { type BackendRules, KeptInBackend } from "./kept-in-backend.ts";
import { KnownCookies } from "./known-cookie.ts";
import { newCookie } from "./new-cookie.ts";
import type { SessionConfig } from "./options.ts";
import { SessionStore } from "./session-store.ts";

/** Sessions on a {@link Backend}. */
export class BackendShelf implements Shelf {
  readonly isReady = true;
  readonly #engine: Engine;
  readonly #rules: BackendRules;
  readonly #engineOptions: EngineOptions;
  #sessionStore: SessionStore | undefined;

  constructor(config: SessionConfig) {
    const { lifetime } = config.engine;
    this.#engineOptions = {
      ...config.engine,
      backend: config.backend as EngineOptions["backend"],
      ids: config.genid === undefined ? "known" : "any",
    };
    this.#engine = createEngine(this.#engineOptions);
    this.#rules = {
      engine: this.#engine,
      idleCapMs: lifetime === undefined ? Number.POSITIVE_INFINITY : this.#engine.policy.lifetime.idleMs,
      cookies: new KnownCookies(config.name),
      newCookie: (visit) => newCookie(visit.cookieOptions, visit.request, config.proxy),
    };
  }

  /** Made when somebody asks for it: few do. */
  get sessionStore(): SessionStore {
    const { backend, ids: _ids, onConflict: _rule, ...options } = this.#engineOptions;
    this.#sessionStore ??= new SessionStore(backend, options);
    return this.#sessionStore;
  }

  load(id: string, visit: Visitor, key?: SessionKey): Answer<Kept | null> {
    return this.#engine.loadAs<Kept | null>(id, { key }, (session) =>
      session === null ? null : new KeptInBackend(this.#rules, visit, session),
    );
  }

  create(visit: Visitor): Kept {
    return new KeptInBackend(this.#rules, visit);
  }

  replace(old: Kept, visit: Visitor): Promise<Kept> {
    const { stored } = old as KeptInBackend;
    return Promise.resolve(new KeptInBackend(this.#rules, visit, undefined, stored));
  }
}
