import { createEngine, type Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/options.ts";
import type { Session } from "../engine/session.ts";
import { tellGuarantees } from "../http/foreign-store.ts";
import { PrincipalWatch } from "../http/principal-watch.ts";
import type { KoaKept } from "./kept.ts";
import { KeptInBackend } from "./kept-in-backend.ts";
import { KeptInStore } from "./kept-in-store.ts";
import type { KoaContext } from "./koa-context.ts";
import { isOwnStore } from "./koa-store.ts";
import type { ForeignKoaStore, KoaSessionConfig, KoaSessionOptions } from "./middleware-options.ts";
import type { ShownKey } from "./shown-key.ts";

/** What was found under a key. `"expired"`: a store still had it, though its time was over. */
export type Found =
  | { readonly kept: KoaKept; readonly maxAge?: number | "session" }
  | { readonly reason: "missed" | "expired"; readonly value: unknown };

/** Where one request finds and begins sessions. */
export interface KoaShelf {
  /** In development. */
  readonly watch: PrincipalWatch | undefined;
  /** Settles once `take` was told; no promise where it is told at once. */
  load(shown: ShownKey, take: (found: Found) => undefined): Promise<undefined> | undefined;
  create(key: string): KoaKept;
}

/** How each request finds its shelf. */
export function shelfFor(
  options: KoaSessionOptions,
  config: KoaSessionConfig,
): (ctx: KoaContext) => KoaShelf {
  const { backend, ContextStore, rolling } = config;
  const watch = process.env.NODE_ENV === "production" ? undefined : new PrincipalWatch();
  if (backend !== undefined) {
    const ids = config.genid === undefined && config.externalKey === undefined ? "known" : "any";
    const shelf = backendShelf(createEngine({ ...config.engine, backend, ids } as EngineOptions), watch);
    return () => shelf;
  }
  const given = config.store ?? config.ContextStore;
  if (given !== undefined && !isOwnStore(given)) tellGuarantees(given);
  return (ctx) => {
    // As koa-session does: a store that is taken out of the options is not used from then on.
    const store = ContextStore === undefined ? options.store : new ContextStore(ctx as never);
    return {
      ...storeShelf(store ?? config.store, store !== undefined, { ctx, rolling }, config.maxAge),
      watch,
    };
  };
}

function backendShelf(engine: Engine, watch: KoaShelf["watch"]): KoaShelf {
  return {
    watch,
    load: ({ key, sessionKey, isKnown }, take) =>
      engine.loadAs(key, { key: sessionKey, isKnown }, (session) => take(foundIn(engine, key, session))),
    create: (key) => new KeptInBackend(engine, key),
  };
}

function foundIn(engine: Engine, key: string, session: Session | null): Found {
  if (session === null) return { reason: "missed", value: undefined };
  const kept = new KeptInBackend(engine, key, session);
  const maxAge = session.get("_maxAge");
  if (typeof maxAge === "number") return { kept, maxAge };
  return session.has("_session") ? { kept, maxAge: "session" } : { kept };
}

function storeShelf(
  store: ForeignKoaStore | undefined,
  isInUse: boolean,
  notes: { readonly ctx: KoaContext; readonly rolling: boolean },
  maxAge: KoaSessionConfig["maxAge"],
): Omit<KoaShelf, "watch"> {
  const find = async (key: string): Promise<Found> => {
    const value = isInUse ? await store?.get(key, maxAge, notes) : undefined;
    if (typeof value !== "object" || value === null) return { reason: "missed", value };
    const data = value as Record<string, unknown>;
    if (typeof data._expire === "number" && data._expire < Date.now()) return { reason: "expired", value };
    const kept = new KeptInStore(store as ForeignKoaStore, notes, key, data);
    if (typeof data._maxAge === "number") return { kept, maxAge: data._maxAge };
    return data._session === true ? { kept, maxAge: "session" } : { kept };
  };
  return {
    load: ({ key }, take) => find(key).then(take),
    create: (key) => new KeptInStore(store as ForeignKoaStore, notes, key),
  };
}
