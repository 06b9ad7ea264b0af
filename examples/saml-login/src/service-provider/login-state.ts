import type { CacheProvider } from "@node-saml/node-saml";
import { cacheProvider } from "@unstick/saml";
import type { SharedState } from "@unstick/session";
import type { Store } from "express-session";
import type { InstanceConfig, StateLocation } from "../fleet/messages.ts";
import type { KoaSessionStore } from "./koa-app.ts";
import { loginLifetimeMs } from "./saml-strategy.ts";
import { ExpressStateStore, koaMapStore, koaStateStore } from "./session-stores.ts";

/** Where an instance keeps what it must remember between two requests. */
export interface LoginState {
  readonly cacheProvider?: CacheProvider;
  /** Left out: express-session's own MemoryStore. */
  readonly expressStore?: Store;
  readonly koaStore: KoaSessionStore;
  close(): Promise<void>;
}

/** What every tutorial begins with: node-saml's own cache, express-session's MemoryStore, a Map under koa-session. */
export function localState(): LoginState {
  return { koaStore: koaMapStore(), close: async () => {} };
}

/** The same for all instances: request ids and sessions in one place. */
export async function openSharedState({ state: location }: InstanceConfig): Promise<LoginState> {
  const { state, close } = await open(location);
  return {
    cacheProvider: cacheProvider(state, { requestIdLifetimeMs: loginLifetimeMs }),
    expressStore: new ExpressStateStore(state),
    koaStore: koaStateStore(state),
    close,
  };
}

async function open(location: StateLocation): Promise<{ state: SharedState; close(): Promise<void> }> {
  if (location.kind === "lmdb") {
    const { lmdbState } = await import("@unstick/lmdb");
    const state = lmdbState({ path: location.path });
    return { state, close: async () => state.close?.() };
  }
  const [{ redisState }, { Redis }] = await Promise.all([import("@unstick/redis"), import("ioredis")]);
  const client = new Redis(location.url, { lazyConnect: true });
  await client.connect();
  // A laptop that starts three processes at once may stall for longer than production should wait.
  const state = redisState(client, { prefix: location.prefix, deadlineMs: 10_000 });
  return { state, close: async () => void (await client.quit()) };
}
