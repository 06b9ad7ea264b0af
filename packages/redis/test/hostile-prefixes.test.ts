import { startRedis } from "@unstick/testbed";
import fc from "fast-check";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { redisBackend, redisState } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const own = sessionKey("own");

const prefix = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("*", "?", "[", "]", "\\", "^", "-", "{", "}", ":", "a", "b") },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 8,
});

/** What a careless pattern would match, and what merely looks like a key of ours. */
function foreignKeys(text: string): string[] {
  const matched = text
    .replace(/\*|\?/g, "z")
    .replace(/\[([^\]]?)[^\]]*\]/g, "$1")
    .replace(/\\/g, "");
  return [matched + own, `${text}other`, `${text}${own}x`, `x${text}${own}`, `${text}x${own.slice(1)}:y`];
}

test("10,000 hostile prefixes: sessions are found and ended, and nothing foreign is touched", async () => {
  const server = await startRedis();
  const redis = new Redis(server.port, server.host);
  try {
    const batches = fc.uniqueArray(prefix, { minLength: 100, maxLength: 100 });
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(batches, async (prefixes) => {
        await redis.flushall();
        const ours = new Set(prefixes.map((text) => text + own));
        const foreign = [...new Set(prefixes.flatMap(foreignKeys))].filter((key) => !ours.has(key));
        await redis.mset(foreign.flatMap((key) => [key, "foreign"]));
        await Promise.all(prefixes.map((text) => createAndEnd(redis, text)));
        const values = await redis.mget(foreign);
        expect(foreign.filter((_, at) => values[at] !== "foreign")).toEqual([]);
        tried += prefixes.length;
      }),
      { numRuns: 100 },
    );
    expect(tried).toBeGreaterThanOrEqual(10_000);
  } finally {
    redis.disconnect();
    await server.stop();
  }
}, 120_000);

async function createAndEnd(redis: Redis, text: string): Promise<void> {
  const backend = redisBackend(redis, { prefix: text, deadlineMs: 10_000 });
  expect(await backend.create(own, new Map([["n", "1"]]), LONG)).toBe("ok");
  const listed = [];
  for await (const key of backend.sessionKeys()) listed.push(key);
  expect(listed).toEqual([own]);
  expect(await backend.destroyAll(0)).toBe(1);
  expect(await backend.read(own)).toBe(null);
}

test("keys(): a prefix of glob characters is taken literally, and one of 512 characters is found", async () => {
  const server = await startRedis();
  const redis = new Redis(server.port, server.host, { keyPrefix: "app[1]:" });
  const state = redisState(redis, { prefix: "st*te:" });
  try {
    const long = "[*]\\?".repeat(102);
    for (const key of ["a*", "ab", "a[b]", long]) await state.add(key, "v", 60_000);
    const keysOf = async (start: string) => {
      const keys = [];
      for await (const key of state.keys(start)) keys.push(key);
      return keys.sort();
    };
    expect(await keysOf("a*")).toEqual(["a*"]);
    expect(await keysOf("a[")).toEqual(["a[b]"]);
    expect(await keysOf(long.slice(0, 500))).toEqual([long]);
    expect(await keysOf("")).toEqual([long, "a*", "a[b]", "ab"]);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});
