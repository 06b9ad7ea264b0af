import { type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { redisBackend } from "../src/index.ts";
import { ServerClock } from "../src/server-clock.ts";
import { families } from "./client-families.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000, absoluteMs: 900_000 };
const key = sessionKey("a");
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(() => void vi.useRealTimers());

describe("a server's time between its answers", () => {
  const at = (ms: number): void => void vi.advanceTimersByTime(ms - performance.now());

  test("is told by the monotonic clock, never behind, for a second, and then asked again", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const clock = new ServerClock(true);
    expect(clock.isFresh).toBe(false);
    at(1_000);
    const asked = performance.now();
    at(1_010);
    clock.tell(5_000_000, asked);
    at(1_999);
    expect(clock.isFresh).toBe(true);
    expect(clock.now()).toBe(5_001_000);
    at(2_000);
    expect(clock.isFresh).toBe(false);
  });

  test("is not taken from an answer that was long in coming, nor where there are several servers", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const [one, several] = [new ServerClock(true), new ServerClock(false)];
    const asked = performance.now();
    at(asked + 51);
    one.tell(5_000_000, asked);
    several.tell(5_000_000, performance.now());
    expect([one.isFresh, several.isFresh]).toEqual([false, false]);
  });
});

describe.each(families)("$name", (family) => {
  /** valkey-glide may send what it knows to be a read to a replica. */
  const isOneServer = !family.name.includes("glide");

  test("a read that knows the time agrees with one that asked for it", async () => {
    const open = await family.standalone(server.port);
    const control = new Redis(server.port, server.host);
    const seen: string[] = [];
    const monitor = await monitorRedis(server.port, (words, source) => {
      if (source !== "lua") seen.push(words[0]?.toUpperCase() ?? "");
    });
    try {
      await control.flushall();
      const backend = redisBackend(open.client);
      await backend.create(
        key,
        new Map([
          ["n", "é"],
          ["1", "2"],
          ["__proto__", "3"],
        ]),
        LONG,
      );
      await backend.read(key);
      seen.length = 0;
      await waitUntil("MONITOR has told the reads", async () => {
        await backend.read(key);
        await control.echo("mark");
        return seen.includes("ECHO") && seen.includes(isOneServer ? "HGETALL" : "EVALSHA");
      });
      expect(seen.includes("HGETALL")).toBe(isOneServer);
      const [told, asked] = [await backend.read(key), await redisBackend(open.client).read(key)];
      expect(told?.attributes).toEqual(asked?.attributes);
      expect(Math.abs((told?.remainingMs ?? 0) - (asked?.remainingMs ?? 0))).toBeLessThan(100);
      // More would look like a lifetime that is to be shortened, and every read would move the deadline.
      for (let round = 0; round < 200; round += 1) {
        await backend.touch(key, LONG);
        expect((await backend.read(key))?.remainingMs).toBeLessThanOrEqual(LONG.idleMs);
      }
      expect(Math.abs((told?.ageMs ?? 0) - (asked?.ageMs ?? 0))).toBeLessThan(100);
    } finally {
      monitor.stop();
      control.disconnect();
      await open.close();
    }
  });
});

test.each(families)("$name: a header of bytes that are no text is damage", async (family) => {
  const open = await family.standalone(server.port);
  const control = new Redis(server.port, server.host);
  try {
    const backend = redisBackend(open.client);
    await backend.read(sessionKey("b"));
    await control.hset(`sess:${key}`, "", Buffer.from("A}L\xff\xfe", "latin1"));
    await expect(backend.read(key)).rejects.toMatchObject({ code: "ERR_UNSTICK_DAMAGED" });
    await control.del(`sess:${key}`);
  } finally {
    control.disconnect();
    await open.close();
  }
});

test("a value of another type is damage; a server that is full still moves deadlines", async () => {
  const client = new Redis(server.port, server.host);
  try {
    await client.flushall();
    const backend = redisBackend(client);
    await backend.create(key, new Map([["n", "1"]]), LONG);
    await client.config("SET", "maxmemory", "1");
    expect(await backend.touch(key, { idleMs: 800_000 })).toBe("ok");
    await expect(backend.update(key, { set: new Map([["n", "2"]]) }, LONG)).rejects.toThrow("OOM");
    expect((await backend.read(key))?.remainingMs).toBeGreaterThan(700_000);
    await client.config("SET", "maxmemory", "0");
    await client.set(`sess:${key}`, "a string");
    await backend.read(sessionKey("b"));
    await expect(backend.read(key)).rejects.toMatchObject({ code: "ERR_UNSTICK_DAMAGED" });
  } finally {
    await client.config("SET", "maxmemory", "0");
    client.disconnect();
  }
});
