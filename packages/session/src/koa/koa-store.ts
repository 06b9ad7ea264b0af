import { EventEmitter } from "node:events";
import type { Backend } from "../backend.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { SessionGoneError, SessionReplacedError } from "../engine/errors.ts";
import type { PrincipalSessions } from "../engine/principal-sessions.ts";
import type { SaveOutcome } from "../engine/save-session.ts";
import type { Session } from "../engine/session.ts";
import { handleKey, sessionKey } from "../engine/session-id.ts";
import { guardCookies } from "./guard-cookies.ts";
import { type KoaSessionData, withExpire, withoutExpire } from "./koa-expiry.ts";
import {
  type KoaStoreOptions,
  type KoaStorePolicy,
  readKoaStoreOptions,
  type StoreContext,
} from "./store-options.ts";

/** What koa-session hands to its store beside the session. koa-generic-session hands nothing. */
export interface StoreCall {
  readonly ctx?: StoreContext;
  /** `false`: nothing changed, the session is only to live on (`rolling`, `renew`). */
  readonly changed?: boolean;
  readonly rolling?: boolean;
}

const ownContextStores = new WeakSet<object>();

/** Whether a `store` or `ContextStore` is one of ours. */
export function isOwnStore(store: object): boolean {
  return store instanceof KoaStore || ownContextStores.has(store);
}

/**
 * A store for koa-session 7 (`store`, or {@link KoaStore.ContextStore}) and koa-generic-session, on any
 * {@link Backend}. What a request loaded it saves as the difference, and only while the session lives.
 */
export class KoaStore extends EventEmitter {
  readonly #engine: Engine;
  readonly #policy: KoaStorePolicy;
  /** What was loaded, by the request or by the data that was made of it. */
  readonly #bases = new WeakMap<object, Session>();
  /** Requests whose session another request had ended or replaced when they ended it. */
  readonly #losers = new WeakSet<object>();

  constructor(backend: Backend, options: KoaStoreOptions = {}) {
    super();
    const { policy, engine } = readKoaStoreOptions(backend, options);
    this.#policy = policy;
    this.#engine = createEngine(engine);
  }

  /** A user's sessions, with the option `principal`: list them, end them. */
  get principals(): PrincipalSessions {
    return this.#engine.principals;
  }

  /** For koa-session's option of that name: a class whose instances share this store. */
  get ContextStore(): KoaContextStore {
    const store = this;
    const made = class {
      readonly #ctx: StoreContext;
      constructor(ctx: StoreContext) {
        this.#ctx = ctx;
      }
      get(key: string, maxAge?: unknown, call?: StoreCall): Promise<KoaSessionData | null> {
        return store.get(key, maxAge, { ctx: this.#ctx, ...call });
      }
      set(key: string, data: KoaSessionData, maxAge?: unknown, call?: StoreCall): Promise<void> {
        return store.set(key, data, maxAge, { ctx: this.#ctx, ...call });
      }
      destroy(key: string, call?: StoreCall): Promise<void> {
        return store.destroy(key, { ctx: this.#ctx, ...call });
      }
    };
    ownContextStores.add(made);
    return made;
  }

  async get(key: string, _maxAge?: unknown, call: StoreCall = {}): Promise<KoaSessionData | null> {
    const own = await this.readOwn(key, call);
    return own === undefined ? this.readElsewhere(key, call) : own;
  }

  /** A session in this store's own records; `undefined`: there is none, `null`: one that cannot be read. */
  protected async readOwn(key: string, call: StoreCall): Promise<KoaSessionData | null | undefined> {
    const session = await this.#engine.load(key);
    if (session === null) return undefined;
    const stored = session.toObject();
    if (session.isDamaged) return null;
    const data = withExpire(stored, session.remainingMs);
    this.#bases.set(call.ctx ?? data, session);
    return data;
  }

  /** `maxAge`: milliseconds; `"session"` or absent: the idle lifetime of the option `lifetime`, or a day. */
  async set(key: string, data: KoaSessionData, maxAge?: unknown, call: StoreCall = {}): Promise<void> {
    const { ctx } = call;
    const base = this.#baseOf(key, ctx, data);
    if (base === undefined && ctx !== undefined && this.#losers.has(ctx)) throw new SessionReplacedError();
    const session = base ?? this.#engine.create(key);
    this.#bases.set(ctx ?? data, session);
    this.#prepare(session, data, maxAge, ctx);
    const outcome = await session.save({ deadline: call.changed === false ? "due" : "always" });
    await this.#settle(outcome, key, data, maxAge, ctx);
    if (ctx?.headerSent === true) guardCookies(ctx);
  }

  /** End a session, by its id or its handle. */
  async destroy(key: string, call: StoreCall = {}): Promise<void> {
    const base = call.ctx === undefined ? undefined : this.#baseOf(key, call.ctx, undefined);
    if (base === undefined) {
      await this.#engine.end(handleKey(key) ?? sessionKey(key), { unlink: this.#policy.hasPrincipal });
    } else if (!base.isNew && !(await base.destroy())) {
      this.#losers.add(call.ctx!);
    }
  }

  /** Handles of all sessions. Never on a request path. */
  async ids(): Promise<string[]> {
    const handles: string[] = [];
    for await (const handle of this.#engine.handles()) handles.push(handle);
    return handles;
  }

  /** End all sessions of this store, and nothing of others. */
  async clear(): Promise<void> {
    await this.#engine.clear();
  }

  /** Release what the store itself opened. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  /** A session that is not ours; a store that also knows another's records overrides it. */
  protected async readElsewhere(_key: string, _call: StoreCall): Promise<KoaSessionData | null> {
    return null;
  }

  /** Store a session only if its id is free: `"taken"` when it is alive, `"gone"` when it ended a moment ago. */
  protected async createOnly(
    key: string,
    data: KoaSessionData,
    maxAge: number | undefined,
    call: StoreCall,
  ): Promise<"created" | "taken" | "gone"> {
    const session = this.#engine.create(key);
    this.#prepare(session, data, maxAge, call.ctx);
    const outcome = await session.save();
    if (outcome === "created") this.#bases.set(call.ctx ?? data, session);
    return outcome === "created" || outcome === "taken" ? outcome : "gone";
  }

  #baseOf(key: string, ctx: StoreContext | undefined, data: object | undefined): Session | undefined {
    const base = this.#bases.get(ctx ?? data ?? {});
    return base?.id === key && !base.isEnded ? base : undefined;
  }

  #prepare(session: Session, data: KoaSessionData, maxAge: unknown, ctx: StoreContext | undefined): void {
    session.idleMs = typeof maxAge === "number" ? maxAge : this.#engine.policy.lifetime.idleMs;
    session.assign(withoutExpire(data, session.idleMs));
    if (!this.#policy.hasPrincipal) return;
    session.principal = this.#policy.principal(data);
    session.device = this.#policy.device(ctx);
  }

  async #settle(
    outcome: SaveOutcome,
    key: string,
    data: KoaSessionData,
    maxAge: unknown,
    ctx: StoreContext | undefined,
  ): Promise<void> {
    if (outcome === "taken") {
      const session = await this.#engine.load(key);
      if (session === null) return this.#reportGone();
      this.#bases.set(ctx ?? data, session);
      this.#prepare(session, data, maxAge, ctx);
      await this.#settle(await session.save({ deadline: "always" }), key, data, maxAge, ctx);
    } else if (outcome === "gone" || outcome === "moved") {
      this.#reportGone();
    }
  }

  #reportGone(): void {
    if (this.#policy.onGone === "error") throw new SessionGoneError();
  }
}

/** The class that koa-session makes one of for each request. */
export type KoaContextStore = new (
  ctx: StoreContext,
) => {
  get(key: string, maxAge?: unknown, call?: StoreCall): Promise<KoaSessionData | null>;
  set(key: string, data: KoaSessionData, maxAge?: unknown, call?: StoreCall): Promise<void>;
  destroy(key: string, call?: StoreCall): Promise<void>;
};
