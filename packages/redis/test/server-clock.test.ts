import { startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { afterEach, expect, test, vi } from "vitest";
import { redisBackend, redisState } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

const DAY_MS = 86_400_000;
const key = sessionKey("a");
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => void vi.useRealTimers());

test.each([-DAY_MS, DAY_MS])("this instance's clock moved by %d ms: no expiry is wrong", async (shift) => {
  const server = await startRedis();
  const redis = new Redis(server.port, server.host);
  const backend = redisBackend(redis, { deadlineMs: 5_000 });
  const state = redisState(redis, { deadlineMs: 5_000 });
  const realNow = Date.now();
  const isShifted = (): boolean => Math.abs(Date.now() - realNow) > DAY_MS / 2;
  try {
    await backend.create(key, new Map([["n", "1"]]), { idleMs: 60_000, absoluteMs: 120_000 });
    vi.useFakeTimers({ toFake: ["Date"], now: realNow + shift });
    expect(isShifted()).toBe(true);
    const found = await backend.read(key);
    expect(found?.remainingMs).toBeGreaterThan(40_000);
    expect(found?.remainingMs).toBeLessThanOrEqual(60_000);
    expect(found?.ageMs).toBeLessThan(20_000);
    expect(await backend.touch(key, { idleMs: 600_000, absoluteMs: 120_000 })).toBe("ok");
    const touched = await backend.read(key);
    expect(touched?.remainingMs).toBeLessThanOrEqual(120_000);
    expect(touched?.remainingMs).toBeGreaterThan(90_000);
    const short = sessionKey("short");
    await backend.create(short, new Map(), { idleMs: 300 });
    await state.add("short", "v", 300);
    await pause(400);
    expect(await backend.read(short)).toBe(null);
    expect(await state.get("short")).toBe(null);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});
