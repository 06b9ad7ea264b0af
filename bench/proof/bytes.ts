import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { RedisStore } from "@unstick/redis/express";
import { RedisStore as KoaRedisStore } from "@unstick/redis/koa";
import { RedisStore as ConnectRedis } from "connect-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import type { Env } from "./env.ts";
import type { Row } from "./row.ts";

const shapes: readonly (readonly [count: number, bytes: number])[] = [
  [16, 48],
  [4, 16],
  [8, 200],
  [4, 1_000],
  [1, 10_000],
];
const MOST = 1.5;
/** As long as the ids that express-session and koa-session make. */
const EXPRESS_ID = "i".repeat(32);
const KOA_ID = "i".repeat(36);
const LIFETIME_MS = 3_600_000;

// It has no types.
const koaRedis = createRequire(import.meta.url)("koa-redis") as (options: object) => KoaStore;

interface KoaStore {
  set(id: string, session: object, maxAge: number): Promise<unknown>;
}

/** What `MEMORY USAGE` says of one and the same session in ours and in a peer's store. */
export async function prove(_count: number, env: Env): Promise<readonly Row[]> {
  const client = createClient({ url: env.redis.url });
  client.on("error", console.error);
  await client.connect();
  const ioredis = new Redis(env.redis.port, env.redis.host);
  const bytesAfter = async (store: () => Promise<unknown>): Promise<number> => {
    await client.flushAll();
    await store();
    const [key = ""] = await client.keys("*");
    return Number(await client.sendCommand(["MEMORY", "USAGE", key, "SAMPLES", "0"]));
  };
  const prefix = "sess:";
  const express = new RedisStore({ client, prefix });
  const connectRedis = new ConnectRedis({ client, prefix });
  const koa = new KoaRedisStore({ client: ioredis, prefix });
  const peerOfKoa = koaRedis({ client: ioredis });
  try {
    const rows: Row[] = [];
    for (const [count, bytes] of shapes) {
      const values = valuesOf(count, bytes);
      const [forExpress, forKoa] = [expressSession(values), koaSession(values)];
      const ours = await bytesAfter(() => express.set(EXPRESS_ID, forExpress as never));
      const other = await bytesAfter(() => connectRedis.set(EXPRESS_ID, forExpress as never));
      const oursKoa = await bytesAfter(() => koa.set(KOA_ID, forKoa, LIFETIME_MS));
      const otherKoa = await bytesAfter(() => peerOfKoa.set(prefix + KOA_ID, forKoa, LIFETIME_MS));
      rows.push({
        measure: `bytes in Redis: ${count} x ${bytes} B`,
        mustBe: `at most ${MOST} x connect-redis, koa-redis`,
        ours: `${sayBytes("Express", ours, other)}; ${sayBytes("Koa", oursKoa, otherKoa)}`,
        peer: `connect-redis ${other}; koa-redis ${otherKoa}`,
        held: ours > 0 && ours <= MOST * other && oursKoa > 0 && oursKoa <= MOST * otherKoa,
      });
    }
    return rows;
  } finally {
    ioredis.disconnect();
    client.destroy();
  }
}

function sayBytes(name: string, ours: number, other: number): string {
  return `${name} ${ours} (${(ours / other).toFixed(2)} x)`;
}

function valuesOf(count: number, bytes: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, at) => `name${at}`);
  return Object.fromEntries(names.map((name) => [name, text(bytes)]));
}

function expressSession(values: object): object {
  const expires = new Date(Date.now() + LIFETIME_MS);
  return { cookie: { originalMaxAge: LIFETIME_MS, expires, httpOnly: true, path: "/" }, ...values };
}

/** As koa-session hands it to a store. */
function koaSession(values: Record<string, string>): Record<string, unknown> {
  return { ...values, _expire: Date.now() + LIFETIME_MS, _maxAge: LIFETIME_MS };
}

/** Letters without a pattern: what repeats itself would be deflated by us to next to nothing. */
function text(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}
