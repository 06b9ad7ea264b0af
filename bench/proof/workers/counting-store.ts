import { RedisStore } from "@unstick/redis/express";
import { RedisStore as ConnectRedis } from "connect-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";

export type StoreSubject = "RedisStore, ioredis" | "RedisStore, node-redis" | "connect-redis";

interface Counted {
  readonly cookie: object;
  count: number;
}

/** Both stores as far as an increment uses them. */
export interface CountingStore {
  get(id: string): Promise<Counted | null | undefined>;
  set(id: string, session: Counted): Promise<unknown>;
  close(): void;
}

export async function openCountingStore(subject: StoreSubject, redisUrl: string): Promise<CountingStore> {
  const own = { prefix: "count:", deadlineMs: 20_000, attributes: { count: "counter" as const } };
  if (subject === "RedisStore, ioredis") {
    const client = new Redis(redisUrl);
    return withClose(new RedisStore({ client, ...own }), () => client.disconnect());
  }
  const client = createClient({ url: redisUrl });
  client.on("error", console.error);
  await client.connect();
  const isOurs = subject === "RedisStore, node-redis";
  const store = isOurs
    ? new RedisStore({ client, ...own })
    : new ConnectRedis({ client, prefix: "count-peer:" });
  return withClose(store, () => client.destroy());
}

function withClose(store: object, close: () => void): CountingStore {
  const { get, set } = store as CountingStore;
  return { get: get.bind(store), set: set.bind(store), close };
}
