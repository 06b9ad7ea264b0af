import type { CacheProvider } from "@node-saml/node-saml";
import { cacheProvider } from "@unstick/saml";
import { type KoaStore, MemoryStore } from "@unstick/session/koa";
import type { Store } from "express-session";
import type { Framework, InstanceConfig, StateLocation } from "../fleet/messages.ts";
import { loginLifetimeMs } from "./saml-strategy.ts";

/** Where an instance keeps what it must remember between two requests. */
export interface LoginState {
  /** Left out: node-saml's own, in this process. */
  readonly cacheProvider?: CacheProvider;
  /** Left out: express-session's own MemoryStore. */
  readonly expressStore?: Store;
  /** koa-session without a store keeps the session in the cookie, so one is always given. */
  readonly koaStore: KoaStore;
  close(): Promise<void>;
}

/** What every tutorial begins with: all of it in this process. */
export function localState(): LoginState {
  const koaStore = new MemoryStore();
  return { koaStore, close: () => koaStore.close() };
}

/** The same for all instances: request ids and sessions in one place. */
export function openSharedState({ state, framework }: InstanceConfig): Promise<LoginState> {
  return state.kind === "lmdb" ? openLmdb(state.path, framework) : openRedis(state, framework);
}

async function openLmdb(path: string, framework: Framework): Promise<LoginState> {
  const { lmdbState } = await import("@unstick/lmdb");
  const state = lmdbState({ path });
  const requests = cacheProvider(state, { requestIdLifetimeMs: loginLifetimeMs });
  if (framework === "koa") {
    const { LmdbStore } = await import("@unstick/lmdb/koa");
    const koaStore = new LmdbStore({ path });
    return { cacheProvider: requests, koaStore, close: () => closeAll([koaStore, state]) };
  }
  const { LmdbStore } = await import("@unstick/lmdb/express");
  const expressStore = new LmdbStore({ path });
  const close = (): Promise<void> => closeAll([expressStore, state]);
  return { ...localState(), cacheProvider: requests, expressStore, close };
}

async function openRedis(
  { url, prefix }: StateLocation & { kind: "redis" },
  framework: Framework,
): Promise<LoginState> {
  const [{ redisState }, { Redis }] = await Promise.all([import("@unstick/redis"), import("ioredis")]);
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  // A laptop that starts three processes at once may stall for longer than production should wait.
  const deadlineMs = 10_000;
  const state = redisState(client, { prefix: `${prefix}state:`, deadlineMs });
  const requests = cacheProvider(state, { requestIdLifetimeMs: loginLifetimeMs });
  const sessions = { client, prefix: `${prefix}session:`, deadlineMs };
  const close = async (): Promise<void> => void (await client.quit());
  if (framework === "koa") {
    const { RedisStore } = await import("@unstick/redis/koa");
    return { cacheProvider: requests, koaStore: new RedisStore(sessions), close };
  }
  const { RedisStore } = await import("@unstick/redis/express");
  return { ...localState(), cacheProvider: requests, expressStore: new RedisStore(sessions), close };
}

async function closeAll(closables: readonly { close?(): Promise<void> }[]): Promise<void> {
  for (const closable of closables) await closable.close?.();
}
