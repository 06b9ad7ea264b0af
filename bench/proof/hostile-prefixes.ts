import { randomInt } from "node:crypto";
import { RedisStore } from "@unstick/redis/express";
import { RedisStore as KoaRedisStore } from "@unstick/redis/koa";
import { RedisStore as ConnectRedis } from "connect-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import type { Env } from "./env.ts";
import { isFaultless, number, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";

/** What a pattern of SCAN gives a meaning, and a few letters for it to match. */
const LETTERS = ["*", "?", "[", "]", "\\", "^", "-", "{", "}", ":", "a", "b", "z"];

const LIFETIME_MS = 3_600_000;

interface ClearingStore {
  set(id: string, session: Record<string, unknown>): Promise<unknown>;
  ids(): Promise<string[] | undefined>;
  clear(): Promise<unknown>;
}

/**
 * Keys of others beside prefixes of glob characters: does `ids()` list them, does `clear()` end them? koa-redis has
 * neither.
 */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const ioredis = new Redis(env.redis.port, env.redis.host, { db: 1 });
  const client = createClient({ url: `${env.redis.url}/1` });
  client.on("error", console.error);
  await client.connect();
  const own = (prefix: string): ClearingStore => {
    return new RedisStore({ client: ioredis, prefix, deadlineMs: 20_000 }) as ClearingStore;
  };
  const ownKoa = (prefix: string): ClearingStore => {
    const store = new KoaRedisStore({ client: ioredis, prefix, deadlineMs: 20_000 });
    return {
      set: (id, session) => store.set(id, session, LIFETIME_MS),
      ids: () => store.ids(),
      clear: () => store.clear(),
    };
  };
  const other = (prefix: string): ClearingStore => {
    return new ConnectRedis({ client, prefix }) as unknown as ClearingStore;
  };
  try {
    const ours = [
      await touchedBy("RedisStore", own, count, ioredis),
      await touchedBy("RedisStore for Koa", ownKoa, count, ioredis),
    ];
    const peer = await touchedBy("connect-redis", other, Math.max(50, count / 20), ioredis);
    return [
      {
        measure: `foreign keys touched under ${number(count)} prefixes of glob characters`,
        mustBe: "0",
        ours: sayOurs(ours),
        peer: `${sayPeers([peer])}; koa-redis can list and clear nothing`,
        held: isFaultless(ours),
      },
    ];
  } finally {
    ioredis.disconnect();
    client.destroy();
  }
}

async function touchedBy(
  subject: string,
  open: (prefix: string) => ClearingStore,
  prefixes: number,
  redis: Redis,
): Promise<Tally> {
  const tally = { subject, faults: 0, tries: 0 };
  for (let index = 0; index < prefixes; index++) {
    await redis.flushdb();
    const prefix = hostilePrefix();
    const store = open(prefix);
    await store.set("own", { cookie: { originalMaxAge: null, path: "/" }, user: "ada" });
    const own = await redis.keys("*");
    const foreign = foreignKeys(prefix).filter((key) => !own.includes(key) && !key.startsWith(prefix));
    await redis.mset(foreign.flatMap((key) => [key, "foreign"]));
    const listed = (await store.ids()) ?? [];
    await store.clear();
    const values = await redis.mget(foreign);
    const ended = values.filter((value) => value !== "foreign").length;
    tally.faults += Math.max(ended, listed.length - 1);
    tally.tries += foreign.length;
  }
  return tally;
}

function hostilePrefix(): string {
  return Array.from({ length: randomInt(1, 9) }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}

/** What a careless pattern would match, and what merely looks alike. */
function foreignKeys(prefix: string): string[] {
  const matched = prefix
    .replace(/\*|\?/g, "z")
    .replace(/\[([^\]]?)[^\]]*\]/g, "$1")
    .replace(/\\/g, "");
  return [...new Set([`${matched}own`, `${matched}cart:1`, `x${prefix}own`, `${prefix.slice(1)}own`])];
}
