import { sessionKey, typedJsonSerializer } from "@unstick/session";
import { type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { startRedisCluster } from "@unstick/testbed/redis-cluster";
import { redisCommand } from "@unstick/testbed/redis-command";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { RedisStore as ConnectRedisStore } from "connect-redis";
import { Cluster, Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type LegacyMode, RedisStore, type RedisStoreOptions } from "../src/express/index.ts";
import { type RedisClient, redisBackend } from "../src/index.ts";

type Data = Record<string, unknown>;

const IDLE_MS = 600_000;
const ada = { cookie: { originalMaxAge: null }, user: "ada" };
const keyOf = (id: string): string => `sess:${sessionKey(id)}`;
let server: RedisServer;
let redis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, server.host);
  nodeRedis = createClient({ url: server.url });
  nodeRedis.on("error", () => {});
  await nodeRedis.connect();
});

afterAll(async () => {
  redis.disconnect();
  nodeRedis.destroy();
  await server.stop();
});

beforeEach(() => redis.flushall());

function ours(legacy: LegacyMode, options: Partial<RedisStoreOptions> = {}): RedisStore {
  return new RedisStore({ client: redis, legacy, ...options });
}

function load(store: RedisStore, id = "one"): Promise<Data | null | undefined> {
  return store.get<Data>(id);
}

function theirs(id = "one"): Promise<Data | null | undefined> {
  return new ConnectRedisStore({ client: nodeRedis }).get(id) as Promise<Data | null | undefined>;
}

/** Begin to give a session back, and die after so many commands. */
async function dieAfter(commands: number): Promise<void> {
  let left = commands;
  const call = (name: string, args: string[]): Promise<unknown> =>
    left-- > 0 ? redis.call(name, args) : Promise.reject(new Error("this process died"));
  const client = { call, on: () => {} } as RedisClient;
  await new RedisStore({ client, legacy: "return" }).get("one").catch(() => {});
}

test("a session of ours becomes connect-redis's: its key, its JSON, its deadline", async () => {
  const expires = new Date(Date.now() + IDLE_MS);
  const cookie = { originalMaxAge: IDLE_MS, expires, httpOnly: true, path: "/" };
  const data = { cookie, user: "ada", cart: [{ id: 1 }], nothing: null, visits: 5 };
  await ours("adopt", { attributes: { visits: "counter" } }).set("one", data);
  await redisBackend(redis).touch(sessionKey("one"), { idleMs: 300_000 });
  expect(await load(ours("return"))).toMatchObject({ user: "ada", visits: 5 });
  const ttl = await redis.pttl("sess:one");
  expect(ttl).toBeGreaterThan(299_000);
  expect(ttl).toBeLessThanOrEqual(300_000);
  const stored = JSON.parse((await redis.get("sess:one"))!) as { cookie: { expires: string } };
  expect(Math.abs(Date.parse(stored.cookie.expires) - Date.now() - ttl)).toBeLessThan(5_000);
  stored.cookie.expires = expires.toISOString();
  expect(stored).toEqual(JSON.parse(JSON.stringify(data)));
  expect(await theirs()).toMatchObject({ user: "ada", cart: [{ id: 1 }], nothing: null, visits: 5 });
});

test("in return new sessions are connect-redis's, and overlapping requests lose nothing", async () => {
  const stores = [ours("return"), ours("share"), ours("return")];
  await stores[0]!.set("one", ada);
  const loaded = (await Promise.all(stores.map((store) => load(store)))) as Data[];
  await Promise.all(
    stores.map((store, at) => store.set("one", Object.assign(loaded[at]!, { [`n${at}`]: at }))),
  );
  expect(await theirs()).toMatchObject({ user: "ada", n0: 0, n1: 1, n2: 2 });
});

describe("whoever dies on the way", () => {
  // freeze, look, copy, check, confirm, give, and two to read it then.
  for (const commands of [1, 2, 3, 4, 5, 6]) {
    test(`after ${commands} of its commands: it works in share, and is given back`, async () => {
      await ours("adopt").set("one", ada);
      await load(ours("return"), "warm");
      await dieAfter(commands);
      const share = ours("share");
      const data = (await load(share)) as Data;
      await share.set("one", Object.assign(data, { a: 1 }));
      expect(await load(share)).toMatchObject({ user: "ada", a: 1 });
      expect(await theirs()).toMatchObject({ user: "ada", a: 1 });
    });

    test(`after ${commands} of its commands: adopt takes it up again, and loses nothing`, async () => {
      await ours("adopt").set("one", ada);
      await dieAfter(commands);
      const adopt = ours("adopt");
      const data = (await load(adopt)) as Data;
      await adopt.set("one", Object.assign(data, { a: 1 }));
      expect(await load(ours("adopt"))).toMatchObject({ user: "ada", a: 1 });
      expect(await load(ours("off"))).toMatchObject({ user: "ada", a: 1 });
    });

    test(`after ${commands} of its commands: a logout ends it`, async () => {
      await ours("adopt").set("one", ada);
      await dieAfter(commands);
      await ours("share").destroy("one");
      for (const legacy of ["share", "return", "adopt", "off"] as const) {
        expect(await load(ours(legacy))).toBeNull();
      }
      expect(await theirs()).toBeNull();
    });
  }
});

test("forward again, a moment after it was given back: nobody is logged out", async () => {
  await ours("adopt").set("one", ada);
  for (const legacy of ["return", "share", "adopt", "share", "return", "share", "adopt", "off"] as const) {
    expect([legacy, await load(ours(legacy))]).toMatchObject([legacy, { user: "ada" }]);
  }
});

test.each([
  ["given back", "off", "return"],
  ["adopted", "share", "adopt"],
] as const)(
  "a second save of a request whose session was %s meanwhile changes what changed since",
  async (...how) => {
    const [, before, after] = how;
    await ours(before).set("one", ada);
    const share = ours("share");
    const data = (await load(share)) as Data;
    const other = ours(after);
    const moved = (await load(other)) as Data;
    await share.set("one", Object.assign(data, { a: 1 }));
    await other.set("one", Object.assign(moved, { a: 2 }));
    await share.set("one", Object.assign(data, { b: 1 }));
    expect(await load(ours(after))).toMatchObject({ user: "ada", a: 2, b: 1 });
  },
);

test("a copy that came late is no session, and nothing makes it live longer", async () => {
  await ours("share").set("one", ada);
  const share = ours("share");
  const data = (await load(share)) as Data;
  await redis.set("sess:one", `${await redis.get("sess:one")} \t \t`, "PX", 20_000);
  await share.touch("one", data);
  expect(await redis.pttl("sess:one")).toBeLessThanOrEqual(20_000);
  for (const legacy of ["share", "return", "adopt"] as const) expect(await load(ours(legacy))).toBeNull();
});

test("how many of ours are left tells a store with legacy off; what was begun counts until it is done", async () => {
  for (const id of ["one", "two"]) await ours("adopt").set(id, ada);
  await ours("share").set("three", ada);
  const left = (): Promise<number | undefined> => ours("off").length();
  expect(await left()).toBe(2);
  await load(ours("return"), "two");
  expect(await left()).toBe(1);
  await dieAfter(3);
  expect(await left()).toBe(1);
  await load(ours("share"));
  expect(await left()).toBe(0);
});

test("no entry of a user's list stays behind, be it that a process dies", async () => {
  const principal = (data: { user?: string }) => data.user;
  for (const commands of [5, 6, 99]) {
    await redis.flushall();
    await ours("adopt", { principal }).set("one", ada);
    expect(await redis.keys("sess:p:*")).toHaveLength(1);
    await dieAfter(commands);
    expect(await load(ours("return"))).toMatchObject({ user: "ada" });
    expect(await redis.keys("sess:p:*")).toHaveLength(0);
  }
});

test("what adopt sealed is opened by its keys, and stored as connect-redis stores it", async () => {
  const keys = { k1: new Uint8Array(32).fill(7) };
  await ours("adopt", { encryption: { keys, active: "k1" } }).set("one", ada);
  const share = ours("share", { encryption: { keys, active: null } });
  const data = (await load(share)) as Data;
  await share.set("one", Object.assign(data, { a: 1 }));
  expect(await redis.hget(keyOf("one"), "a")).toMatch(/^.?k1\./);
  expect(await load(ours("return", { encryption: { keys, active: null } }))).toMatchObject({
    user: "ada",
    a: 1,
  });
  expect(await theirs()).toMatchObject({ user: "ada", a: 1 });
});

test("types that our serializer keeps are JSON's there; what JSON does not know stays ours while it is in it", async () => {
  const serializer = typedJsonSerializer;
  const at = new Date(1_700_000_000_000);
  await ours("adopt", { serializer }).set("one", { ...ada, at, seen: new Map([["a", 1]]) });
  await ours("adopt", { serializer }).set("two", { ...ada, big: 1n });
  const store = ours("return", { serializer });
  expect(await load(store)).toMatchObject({ at: at.toISOString(), seen: {} });
  expect(await theirs()).toMatchObject({ at: at.toISOString(), seen: {} });
  const two = (await load(store, "two")) as Data;
  expect(two).toMatchObject({ user: "ada", big: 1n });
  await store.set("two", Object.assign(two, { a: 1 }));
  expect(await load(ours("share", { serializer }), "two")).toMatchObject({ user: "ada", a: 1, big: 1n });
  delete two.big;
  await store.set("two", two);
  await load(store, "two");
  expect(await theirs("two")).toMatchObject({ user: "ada", a: 1 });
});

test("at maxmemory what is ours is still read, and is given back when there is room", async () => {
  await ours("adopt").set("one", ada);
  await load(ours("return"), "two");
  await redis.config("SET", "maxmemory", 1);
  onTestFinished(() => void redis.config("SET", "maxmemory", 0));
  expect(await load(ours("return"))).toMatchObject({ user: "ada" });
  expect(await redis.exists("sess:one")).toBe(0);
  await redis.config("SET", "maxmemory", 0);
  expect(await load(ours("return"))).toMatchObject({ user: "ada" });
  expect(await theirs()).toMatchObject({ user: "ada" });
});

test("commands for a session that is used, by MONITOR: off 1, adopt 1, share 2, return 2, and 8 to give it back", async () => {
  const seen: string[] = [];
  const monitor = await monitorRedis(server.port, (words, source) => {
    if (source !== "lua") seen.push(words[0]!.toUpperCase());
  });
  onTestFinished(() => monitor.stop());
  const commands = async (legacy: LegacyMode, id: string): Promise<number> => {
    const store = ours(legacy);
    await load(store, `warm-${legacy}`);
    await redis.echo("begin");
    await load(store, id);
    await redis.echo("end");
    await waitUntil("MONITOR has told it", () => seen.filter((name) => name === "ECHO").length === 2);
    const all = seen.splice(0);
    return all.lastIndexOf("ECHO") - all.indexOf("ECHO") - 1;
  };
  // The server learns the scripts.
  await ours("adopt").set("warm", ada);
  await load(ours("return"), "warm");
  await ours("adopt").set("one", ada);
  await ours("share").set("two", ada);
  seen.splice(0);
  const counted: [string, number][] = [];
  for (const [legacy, id] of [
    ["off", "one"],
    ["adopt", "one"],
    ["share", "one"],
    ["share", "two"],
    ["return", "two"],
    ["return", "one"],
    ["return", "one"],
  ] as const) {
    seen.splice(0);
    counted.push([`${legacy} ${id}`, await commands(legacy, id)]);
  }
  expect(counted).toEqual([
    ["off one", 1],
    ["adopt one", 1],
    ["share one", 2],
    ["share two", 2],
    ["return two", 2],
    ["return one", 8],
    ["return one", 2],
  ]);
});

test("on a cluster, where the two keys are on different masters, no command names two slots", async () => {
  const cluster = await startRedisCluster();
  const client = new Cluster(cluster.masters.map(({ host, port }) => ({ host, port })));
  try {
    const store = (legacy: LegacyMode): RedisStore => new RedisStore({ client, legacy, deadlineMs: 10_000 });
    const ids = Array.from({ length: 30 }, (_, at) => `id-${at}`);
    for (const id of ids) await store("adopt").set(id, ada);
    for (const id of ids) {
      const share = store("share");
      const data = (await load(share, id)) as Data;
      expect(await load(store("return"), id)).toMatchObject({ user: "ada" });
      await share.set(id, Object.assign(data, { a: 1 }));
      expect(JSON.parse((await client.get(`sess:${id}`)) ?? "")).toMatchObject({ user: "ada", a: 1 });
    }
    expect(await store("off").length()).toBe(0);
    const sizes = await Promise.all(cluster.masters.map(({ port }) => redisCommand(port, "DBSIZE")));
    expect(sizes.every((size) => size !== ":0\r\n")).toBe(true);
  } finally {
    client.disconnect();
    await cluster.stop();
  }
});
