import { randomBytes } from "node:crypto";
import { RedisStore } from "@unstick/redis/express";
import { RedisStore as ConnectRedis } from "connect-redis";
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
const LIFETIME_MS = 3_600_000;

/** What `MEMORY USAGE` says of one and the same session in both stores. */
export async function prove(_count: number, env: Env): Promise<readonly Row[]> {
  const client = createClient({ url: env.redis.url });
  client.on("error", console.error);
  await client.connect();
  const usage = async (prefix: string): Promise<number> => {
    const [key = ""] = await client.keys(`${prefix}*`);
    return Number(await client.sendCommand(["MEMORY", "USAGE", key, "SAMPLES", "0"]));
  };
  try {
    const rows: Row[] = [];
    for (const [index, [count, bytes]] of shapes.entries()) {
      // An id of express-session has 32 characters.
      const id = "i".repeat(32);
      const prefixes = [`bytes${index}:`, `bytep${index}:`] as const;
      const session = sessionOf(count, bytes);
      await new RedisStore({ client, prefix: prefixes[0] }).set(id, session);
      await new ConnectRedis({ client, prefix: prefixes[1] }).set(id, session as never);
      const [own, other] = [await usage(prefixes[0]), await usage(prefixes[1])];
      rows.push({
        measure: `bytes in Redis: ${count} x ${bytes} B`,
        mustBe: `at most ${MOST} x connect-redis`,
        ours: `${own} (${(own / other).toFixed(2)} x)`,
        peer: `connect-redis ${other}`,
        held: own > 0 && own <= MOST * other,
      });
    }
    return rows;
  } finally {
    client.destroy();
  }
}

function sessionOf(count: number, bytes: number): object {
  const names = Array.from({ length: count }, (_, at) => `name${at}`);
  const expires = new Date(Date.now() + LIFETIME_MS);
  const cookie = { originalMaxAge: LIFETIME_MS, expires, httpOnly: true, path: "/" };
  return { cookie, ...Object.fromEntries(names.map((name) => [name, text(bytes)])) };
}

/** Letters without a pattern: what repeats itself would be deflated by us to next to nothing. */
function text(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}
