import { backendConformance, sharedStateConformance } from "@unstick/session/testing";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LegacyMode, RedisStore } from "../src/express/index.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";
import { login, rule } from "./documented-rule.ts";

let server: RedisServer;
let control: Redis;
let ioredis: Redis;
const nodeRedisOf = (port: number) => createClient({ socket: { host: "127.0.0.1", port }, ...login });
let nodeRedis: ReturnType<typeof nodeRedisOf>;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);

beforeAll(async () => {
  server = await startRedis();
  control = new Redis(server.port, server.host);
  await control.call("ACL", ["SETUSER", login.username, ...rule]);
  ioredis = new Redis(server.port, server.host, login);
  nodeRedis = nodeRedisOf(server.port);
  nodeRedis.on("error", () => {});
  await nodeRedis.connect();
});

afterAll(async () => {
  control.disconnect();
  ioredis.disconnect();
  nodeRedis.destroy();
  await server.stop();
});

test("the documented user may do nothing else", async () => {
  expect(rule.length).toBeGreaterThan(10);
  for (const command of ["KEYS *", "FLUSHALL", "CONFIG GET *", "SHUTDOWN", "SCRIPT FLUSH"]) {
    const [name = "", ...args] = command.split(" ");
    await expect(ioredis.call(name, args)).rejects.toThrow("NOPERM");
  }
});

test("the documented user goes all the way from connect-redis and back", async () => {
  const store = (legacy: LegacyMode): RedisStore => new RedisStore({ client: ioredis, legacy });
  await store("share").set("one", { cookie: {}, user: "ada" });
  for (const legacy of ["share", "adopt", "off", "adopt", "share", "return", "share", "adopt"] as const) {
    const data = (await store(legacy).get("one")) as { user?: string } | null;
    expect([legacy, data?.user]).toEqual([legacy, "ada"]);
    await store(legacy).set("one", data as object);
    await store(legacy).touch("one", data as object);
  }
  await store("return").get("one");
  await store("return").destroy("one");
  for (const legacy of ["share", "adopt", "return"] as const)
    expect(await store(legacy).get("one")).toBeNull();
});

describe("with least rights", () => {
  backendConformance({ test: test.concurrent }, async () => backendSubject(ioredis, nodeRedis, poke), limits);
  sharedStateConformance({ test: test.concurrent }, async () => stateSubject(nodeRedis, ioredis), limits);
});
