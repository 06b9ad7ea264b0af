import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { createBrowserClient, type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { RedisStore as ConnectRedisStore } from "connect-redis";
import express from "express";
import session, { type Store } from "express-session";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type LegacyMode, RedisStore, type RedisStoreOptions } from "../src/express/index.ts";

declare module "express-session" {
  interface SessionData {
    user: string;
    visits?: number;
  }
}

let server: RedisServer;
let ioredis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  ioredis = new Redis(server.port, server.host);
  nodeRedis = createClient({ url: server.url });
  nodeRedis.on("error", () => {});
  await nodeRedis.connect();
});

afterAll(async () => {
  ioredis.disconnect();
  nodeRedis.destroy();
  await server.stop();
});

beforeEach(() => ioredis.flushall());

function ours(legacy: LegacyMode = "off", options: Partial<RedisStoreOptions> = {}): RedisStore {
  return new RedisStore({ client: ioredis, legacy, ...options });
}

const theirs = (): Store => new ConnectRedisStore({ client: nodeRedis });

async function instance(store: Store, at = 0): Promise<string> {
  const app = express();
  app.use(
    session({ store, secret: "test", resave: false, saveUninitialized: false, cookie: { maxAge: 600_000 } }),
  );
  app.get("/", (_req, res) => void res.send("front page"));
  app.get("/login", (req, res) => {
    req.session.user = "ada";
    res.send("in");
  });
  app.get("/me", (req, res) => void res.send(req.session.user ?? "nobody"));
  app.get("/see", (req, res) => {
    const seen = req.session as unknown as Record<string, number | undefined>;
    seen[`seen${at}`] = (seen[`seen${at}`] ?? 0) + 1;
    res.json(req.session);
  });
  app.get("/remember", (req, res) => {
    req.session.cookie.maxAge = 6_000_000;
    res.send("remembered");
  });
  app.get(
    "/logout",
    (req, res, next) => void req.session.destroy((error) => (error ? next(error) : res.send("out"))),
  );
  const http = createServer(app);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function browser() {
  const client = createBrowserClient();
  onTestFinished(() => client.close());
  return client;
}

describe("commands per request, by MONITOR", () => {
  let seen: string[];
  let monitor: { stop(): void };

  beforeEach(async () => {
    seen = [];
    monitor = await monitorRedis(server.port, (words, source) => {
      if (source !== "lua") seen.push(words[0]!.toUpperCase());
    });
  });

  afterEach(() => monitor.stop());

  async function counted(work: () => Promise<unknown>): Promise<number> {
    const marks = () => seen.filter((command) => command === "ECHO").length;
    const before = marks();
    await ioredis.echo("begin");
    await waitUntil("MONITOR has begun", () => marks() === before + 1);
    const from = seen.length;
    await work();
    await ioredis.echo("end");
    await waitUntil("MONITOR has ended", () => marks() === before + 2);
    return seen.length - from - 1;
  }

  test("anonymous 0, read-only 1, write 2, with a principal 3, stale cookie 1, forged cookie 0", async () => {
    const options = { principal: (data: { user?: string }) => data.user };
    const url = await instance(ours("off", options));
    // The server learns the scripts once.
    const warm = browser();
    for (const path of ["/login", "/me", "/see", "/logout", "/see", "/login"]) await warm.get(url + path);
    const client = browser();
    const get = (path: string, headers = {}) => counted(() => client.get(url + path, { headers }));
    expect(await get("/")).toBe(0);
    expect(await get("/see")).toBe(1);
    expect(await get("/me")).toBe(1);
    expect(await get("/see")).toBe(2);
    expect(await get("/login")).toBe(3);
    expect(await get("/see")).toBe(2);
    const endOfEntries = async (): Promise<number> => {
      const [key] = await ioredis.keys("*p:*");
      return ioredis.pttl(key!);
    };
    const before = await endOfEntries();
    // A deadline that moves past the end of the session's entry in its user's list: the entry goes first.
    expect(await get("/remember")).toBe(3);
    expect((await endOfEntries()) - before).toBeGreaterThan(5_000_000);
    expect(await get("/see")).toBe(2);
    const [cookie] = await client.cookies(url);
    await client.get(`${url}/logout`);
    await client.clearCookies();
    expect(await get("/me", { cookie: `${cookie!.key}=${cookie!.value}` })).toBe(1);
    expect(await get("/me", { cookie: `${cookie!.key}=${cookie!.value.slice(0, -3)}AAA` })).toBe(0);
  });
});

describe("three instances", () => {
  test("lose no attribute and no count, and bring back nothing", async () => {
    const stores = [1, 2, 3].map(() => {
      const client = new Redis(server.port, server.host);
      onTestFinished(() => client.disconnect());
      // 300 at once: this is about what is lost, not about how long it takes.
      return new RedisStore({ client, attributes: { visits: "counter" }, deadlineMs: 10_000 });
    });
    await stores[0]!.set("one", { cookie: {}, user: "ada" });
    const bump = async (store: RedisStore, at: number): Promise<void> => {
      const data = (await store.get("one")) as unknown as Record<string, number>;
      data[`seen${at}`] = at;
      data.visits = (data.visits ?? 0) + 1;
      await store.set("one", data);
    };
    await Promise.all(Array.from({ length: 300 }, (_, at) => bump(stores[at % 3]!, at)));
    const data = (await stores[0]!.get("one")) as unknown as Record<string, number>;
    expect(data.visits).toBe(300);
    expect(Object.keys(data).filter((name) => name.startsWith("seen"))).toHaveLength(300);
    const late = (await stores[1]!.get("one")) as unknown as Record<string, number>;
    await stores[2]!.destroy("one");
    late.visits = 0;
    await stores[1]!.set("one", late);
    expect(await stores[0]!.get("one")).toBeNull();
  });
});

describe("coming from connect-redis", () => {
  /** Each step of a rolling move and of the way back: which stores the three instances run. */
  const steps: readonly (readonly (() => Store)[])[] = [
    [theirs, theirs, theirs],
    [theirs, theirs, () => ours("share")],
    [theirs, () => ours("share"), () => ours("share")],
    [() => ours("share"), () => ours("share"), () => ours("share")],
    [() => ours("share"), () => ours("share"), () => ours("adopt")],
    [() => ours("adopt"), () => ours("share"), () => ours("adopt")],
    [() => ours("adopt"), () => ours("adopt"), () => ours("adopt")],
    [() => ours("adopt"), () => ours("adopt"), () => ours()],
    [() => ours(), () => ours(), () => ours()],
  ];

  /** Round robin over the instances, six requests each step; the session is written by each instance. */
  async function roll(order: readonly number[]): Promise<void> {
    const visitors = [browser(), browser()];
    const [first] = steps[order[0]!]!;
    const login = await instance(first!(), 0);
    for (const visitor of visitors) await visitor.get(`${login}/login`);
    const counts = [0, 0, 0];
    for (const step of order) {
      const urls = await Promise.all(steps[step]!.map((store, at) => instance(store(), at)));
      for (let turn = 0; turn < 6; turn++) {
        const at = turn % 3;
        counts[at]!++;
        for (const [index, visitor] of visitors.entries()) {
          const page = JSON.parse((await visitor.get(`${urls[at]}/see`)).body) as Record<string, unknown>;
          const expected = {
            user: "ada",
            seen0: counts[0] || undefined,
            seen1: counts[1] || undefined,
            seen2: counts[2] || undefined,
          };
          expect({ step, turn, index, ...page }).toMatchObject(
            JSON.parse(JSON.stringify(expected)) as object,
          );
        }
      }
    }
    const last = await Promise.all(steps[order.at(-1)!]!.map((store, at) => instance(store(), at)));
    await visitors[0]!.get(`${last[0]}/logout`);
    for (const url of last) expect((await visitors[0]!.get(`${url}/me`)).body).toBe("nobody");
    expect((await visitors[1]!.get(`${last[1]}/me`)).body).toBe("ada");
  }

  test("a rolling move by share, adopt and off logs nobody out and loses nothing", async () => {
    await roll([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("a roll back from share logs nobody out", async () => {
    await roll([0, 1, 2, 3, 2, 1, 0]);
  });

  test("a roll back from adopt to share logs nobody out", async () => {
    await roll([3, 4, 5, 6, 5, 4, 3]);
  });

  test("in share overlapping requests to different attributes lose nothing, across an adoption too", async () => {
    const [share, adopt] = [ours("share"), ours("adopt")];
    await share.set("one", { cookie: {}, user: "ada" });
    const loads = await Promise.all([share, share, share].map((store) => store.get("one")));
    const loaded = loads as unknown as Record<string, unknown>[];
    loaded[0]!.a = 1;
    loaded[1]!.b = 1;
    loaded[2]!.c = 1;
    await Promise.all([share.set("one", loaded[0]!), share.set("one", loaded[1]!)]);
    loaded[0]!.d = 1;
    await share.set("one", loaded[0]!);
    expect(await adopt.get("one")).toMatchObject({ user: "ada", a: 1, b: 1, d: 1 });
    await share.set("one", loaded[2]!);
    expect(await adopt.get("one")).toMatchObject({ user: "ada", a: 1, b: 1, c: 1, d: 1 });
    expect(await ioredis.exists("sess:one")).toBe(0);
  });

  test("requests that meet one of their sessions at once on several instances in adopt all find it", async () => {
    const stores = [ours("adopt"), ours("adopt"), ours("adopt")];
    for (let round = 0; round < 50; round++) {
      await theirs().set(`${round}`, { cookie: { originalMaxAge: null }, user: "ada" });
      const found = Array.from({ length: 9 }, (_, at) => stores[at % 3]!.get(`${round}`));
      const users = (await Promise.all(found)).map((session) => (session as { user?: string } | null)?.user);
      expect(users).toEqual(Array(9).fill("ada"));
    }
  });

  test("what instances in share and in adopt write to one of their sessions at once is kept", async () => {
    const stores = [ours("share"), ours("adopt"), ours("share"), ours("adopt"), ours("share"), ours("adopt")];
    for (let round = 0; round < 50; round++) {
      const id = `${round}`;
      await theirs().set(id, { cookie: { originalMaxAge: null }, user: "ada" });
      const write = async (store: RedisStore, at: number): Promise<void> => {
        await setTimeout(Math.random() * 3);
        const session = (await store.get(id)) as unknown as Record<string, number>;
        session[`note${at}`] = at;
        await store.set(id, session);
      };
      await Promise.all(stores.map(write));
      const notes = Object.fromEntries(stores.map((_store, at) => [`note${at}`, at]));
      expect(await ours("adopt").get(id)).toMatchObject({ user: "ada", ...notes });
    }
  });

  test("of a session that was adopted by an instance which died before it deleted theirs, ours counts for all", async () => {
    await ours().set("one", { cookie: {}, user: "ada", visits: 2 });
    await theirs().set("one", { cookie: { originalMaxAge: null }, user: "ada", visits: 1 } as never);
    const [share, adopt] = [ours("share"), ours("adopt")];
    const session = (await share.get("one")) as unknown as Record<string, number>;
    expect(session.visits).toBe(2);
    session.visits = 3;
    await share.set("one", session);
    expect(await adopt.get("one")).toMatchObject({ user: "ada", visits: 3 });
    await share.destroy("one");
    expect([await share.get("one"), await adopt.get("one")]).toEqual([null, null]);
  });

  test("in adopt a session that was ended is not adopted again when connect-redis writes it late", async () => {
    await theirs().set("one", { cookie: { originalMaxAge: null }, user: "ada" });
    const store = ours("adopt");
    expect(await store.get("one")).toMatchObject({ user: "ada" });
    await store.destroy("one");
    await theirs().set("one", { cookie: { originalMaxAge: null }, user: "ada" });
    expect(await store.get("one")).toBeNull();
    expect(await ioredis.exists("sess:one")).toBe(0);
  });

  test("a record of theirs that cannot be read is no session and one event", async () => {
    const damaged: unknown[] = [];
    const note = (event: unknown): void => void damaged.push(event);
    subscribe("unstick.session.damaged", note);
    onTestFinished(() => void unsubscribe("unstick.session.damaged", note));
    for (const [at, text] of ["{cut", "", "7", "null", "\0"].entries()) {
      await ioredis.set(`sess:${at}`, text);
      expect(await ours(at % 2 === 0 ? "share" : "adopt").get(String(at))).toBeNull();
    }
    expect(damaged).toHaveLength(5);
  });

  test("lists are refused while some sessions are connect-redis's", async () => {
    for (const legacy of ["share", "adopt", "return"] as const) {
      await expect(ours(legacy).ids()).rejects.toMatchObject({ code: "ERR_UNSTICK_UNSUPPORTED" });
      await expect(ours(legacy).clear()).rejects.toMatchObject({ code: "ERR_UNSTICK_UNSUPPORTED" });
    }
  });

  test("clear() leaves connect-redis's sessions and other keys alone", async () => {
    await theirs().set("one", { cookie: { originalMaxAge: null }, user: "ada" });
    await ioredis.set("sess:other", "x");
    await ours().set("two", { cookie: {} });
    await ours().clear();
    expect((await ioredis.keys("*")).filter((key) => key.length < 20).sort()).toEqual([
      "sess:one",
      "sess:other",
    ]);
  });
});

describe("options", () => {
  test.each([
    ["scanCount", { scanCount: 10 }],
    ["legacy", { legacy: "both" }],
    ["encryption.active", { legacy: "share", encryption: { keys: { k: new Uint8Array(32) }, active: "k" } }],
    ["encryption.active", { legacy: "return", encryption: { keys: { k: new Uint8Array(32) }, active: "k" } }],
    ["attributes", { legacy: "share", attributes: {} }],
    ["maxSessions", { legacy: "return", maxSessions: { max: 1, policy: "reject" } }],
    ["principal", { legacy: "return", principal: () => undefined }],
    ["client", { client: {} }],
    ["prefix", { prefix: 1 }],
    ["ttl", { ttl: -1 }],
    ["unset", { unset: "destroy" }],
  ])("a wrong %s is refused by name", (option, options) => {
    expect(() => new RedisStore({ client: ioredis, ...options } as unknown as RedisStoreOptions)).toThrow(
      expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
    );
  });
});
