import { startRedis } from "@unstick/testbed";
import { redisCommand } from "@unstick/testbed/redis-command";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { expect, test } from "vitest";
import { adviseClient, adviseServer, type RedisOptions, redisBackend } from "../src/index.ts";

const sentinel = { name: "m", sentinels: [{ host: "127.0.0.1", port: 1 }], lazyConnect: true };
const codes = (client: object): string[] => adviseClient(client).map(({ code }) => code);
const readonly = (error: Error): boolean => error.message.startsWith("READONLY");

test("ioredis over Sentinel is refused where it would lose writes", () => {
  expect(() => redisBackend(new Redis(sentinel))).toThrow(/failoverDetector: true/);
  for (const safe of [{ failoverDetector: true }, { socketTimeout: 1_500 }]) {
    expect(() => redisBackend(new Redis({ ...sentinel, ...safe }))).not.toThrow();
  }
  expect(() => redisBackend(new Redis(sentinel), { guardedByServer: true })).not.toThrow();
});

test("a client is told what it lacks", () => {
  const plain = new Redis({ lazyConnect: true });
  expect(codes(plain)).toEqual(["no-socket-timeout", "readonly-not-followed"]);
  const good = new Redis({ lazyConnect: true, socketTimeout: 1_500, reconnectOnError: readonly });
  expect(codes(good)).toEqual([]);
  expect(codes(createClient())).toEqual(["no-error-listener", "not-connected"]);
});

test("a server is told what it lacks", async () => {
  const server = await startRedis();
  const client = new Redis(server.port, server.host);
  const config = (...words: string[]) => redisCommand(server.port, "CONFIG", "SET", ...words);
  const found = async (): Promise<string[]> => (await adviseServer(client)).map(({ code }) => code);
  try {
    expect(await found()).toEqual(["memory-without-limit"]);
    await config("maxmemory", "100mb");
    expect(await found()).toEqual(["eviction-not-by-ttl"]);
    await config("maxmemory-policy", "allkeys-lru");
    expect(await found()).toEqual(["eviction-takes-any"]);
    await config("maxmemory-policy", "volatile-ttl");
    expect(await found()).toEqual([]);
  } finally {
    client.disconnect();
    await server.stop();
  }
});

test.each<[string, object]>([
  ["prefix", { prefix: 5 }],
  ["prefix", { prefix: "x".repeat(121) }],
  ["prefix", { prefix: "\ud800" }],
  ["deadlineMs", { deadlineMs: 0 }],
  ["deadlineMs", { deadlineMs: 1.5 }],
  ["deadlineMs", { deadlineMs: Number.NaN }],
  ["reconnectAfterMs", { reconnectAfterMs: -1 }],
  ["guardedByServer", { guardedByServer: 1 }],
  ["ttl", { ttl: 60 }],
])("a wrong option %s is named: %j", (option, options) => {
  const client = new Redis({ lazyConnect: true });
  expect(() => redisBackend(client, options as RedisOptions)).toThrow(
    expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
  );
});
