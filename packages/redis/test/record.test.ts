import { type RedisServer, startRedis } from "@unstick/testbed";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const [a, b] = [sessionKey("a"), sessionKey("b")];
const token = { writer: "w", sequence: 1 };
const RESERVED = ["\0", "\u0001", "\0name", "\u0001name", "\u0001\0", "\u0002", "\ufffd"];
let server: RedisServer;
let redis: Redis;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, server.host);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

/** What a call ends in: its outcome, or the code of its error. */
async function verdict(call: Promise<object | null>): Promise<unknown> {
  const answer = await call.catch((error: { code: string }) => ({ outcome: error.code }));
  if (answer === null) return "gone";
  if ("outcome" in answer) return answer.outcome;
  return "movedTo" in answer ? "moved" : "ok";
}

const digits = (count: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[0-9]{${count}}$`)) as fc.Arbitrary<string>;
const someTime = fc.oneof(digits(13), fc.constant("9999999999999"), digits(12));
const future = fc.oneof(
  fc.constant("9999999999999"),
  digits(12).map((rest) => `9${rest}`),
  digits(12),
);
const well = fc.oneof(
  fc.tuple(fc.constantFrom("A}L", "A}F"), someTime, future).map((parts) => parts.join("")),
  fc.tuple(fc.constant("A}L"), someTime, future, digits(12)).map((parts) => parts.join("")),
  fc.tuple(fc.constant("A}M"), someTime, someTime, fc.constantFrom("", b)).map((parts) => parts.join("")),
  fc.tuple(fc.constantFrom("A}T", "A}G", "B|L", "C{", "A|L", "@~L"), someTime).map((parts) => parts.join("")),
);
const broken = fc
  .tuple(well, fc.nat(60), fc.constantFrom("", "x", "-", " ", "\n", "\0", "}", "\u00e9"))
  .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1))
  .filter((text) => !/^A\}[LF]\d{13}[0-8]/.test(text));

describe("a header", () => {
  test("a read and a write judge it alike, whatever it says", async () => {
    const backend = redisBackend(redis);
    await verdict(backend.read(b));
    await fc.assert(
      fc.asyncProperty(fc.oneof(well, broken), async (header) => {
        await redis.hset(`sess:${a}`, { "": header, n: "1" });
        const read = await verdict(backend.read(a));
        const written = await verdict(backend.update(a, {}, LONG));
        const once = await verdict(backend.update(a, {}, LONG, token));
        await redis.del(`sess:${a}`);
        expect({ header, written, once }).toEqual({ header, written: read, once: read });
      }),
      { numRuns: 2_000 },
    );
  });
});

test("a header by which a session ended that is still there is damage, told by the server's own time", async () => {
  const backend = redisBackend(redis);
  const ended = (agoMs: number): Promise<unknown> =>
    redis.hset(`sess:${a}`, "", `A}L1700000000000${Date.now() - agoMs}`);
  await verdict(backend.read(b));
  await ended(100);
  expect((await backend.read(a))?.remainingMs).toBe(1);
  await ended(5_000);
  expect(await verdict(backend.read(a))).toBe("ERR_UNSTICK_DAMAGED");
  expect(await verdict(redisBackend(redis).read(a))).toBe("ERR_UNSTICK_DAMAGED");
});

describe("names that the record keeps for itself are attributes like any others", () => {
  test.each(RESERVED)("%j", async (name) => {
    const backend = redisBackend(redis);
    const shown = async (key: string): Promise<unknown> => [...((await backend.read(key))?.attributes ?? [])];
    expect(await backend.create(a, new Map([[name, "1"]]), LONG)).toBe("ok");
    expect(await shown(a)).toEqual([[name, "1"]]);
    const counted = await backend.update(a, { add: new Map([[name, 2]]) }, LONG, token);
    expect(counted).toEqual({ outcome: "ok", current: new Map([[name, "3"]]) });
    const differs = await backend.update(a, { expect: new Map([[name, "4"]]) }, LONG);
    expect(differs).toEqual({ outcome: "conflict", current: new Map([[name, "3"]]) });
    await backend.update(a, { set: new Map([[name, "5"]]) }, LONG, { ...token, sequence: 2 });
    expect(await backend.rename(a, b, { set: new Map([["n", "0"]]) }, LONG, 0)).toEqual({ outcome: "ok" });
    expect(new Map((await backend.read(b))?.attributes)).toEqual(
      new Map([
        [name, "5"],
        ["n", "0"],
      ]),
    );
    await backend.update(b, { remove: [name] }, LONG);
    expect(await shown(b)).toEqual([["n", "0"]]);
  });
});

/** PEXPIRETIME is of 7.0. */
const ENDS = `
local t = redis.call('TIME')
return t[1] * 1000 + math.floor(t[2] / 1000) + redis.call('PTTL', KEYS[1])`;

test("the deadline that the header tells is the key's", async () => {
  const backend = redisBackend(redis);
  const lifetime = { idleMs: 600_000, absoluteMs: 900_000 };
  const apart = async (): Promise<number> => {
    const header = (await redis.hget(`sess:${a}`, "")) ?? "";
    return Math.abs(Number(header.slice(16, 29)) - Number(await redis.eval(ENDS, 1, `sess:${a}`)));
  };
  const steps = [
    () => backend.create(a, new Map([["n", "1"]]), lifetime),
    () => backend.update(a, { set: new Map([["n", "2"]]) }, { ...lifetime, idleMs: 300_000 }),
    () => backend.update(a, { set: new Map([["n", "3"]]) }, { ...lifetime, idleMs: 400_000 }, token),
    () => backend.update(a, { set: new Map([["n", "4"]]) }, lifetime, { ...token, sequence: 2 }),
    () => backend.update(a, { add: new Map([["n", 1]]) }, { idleMs: 200_000 }, { ...token, sequence: 3 }),
    () => backend.touch(a, { ...lifetime, idleMs: 2_000_000 }),
  ];
  for (const step of steps) {
    await step();
    expect(await apart()).toBeLessThanOrEqual(2);
  }
});
