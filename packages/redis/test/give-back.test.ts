import { sessionKey } from "@unstick/session";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { RedisStore as ConnectRedisStore } from "connect-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type LegacyMode, RedisStore, type RedisStoreOptions } from "../src/express/index.ts";
import { type RedisClient, redisBackend } from "../src/index.ts";
import { explore, type Scene } from "./interleavings.ts";

type Data = Record<string, unknown>;

const IDLE_MS = 600_000;
let server: RedisServer;
let redis: Redis;
let nodeRedis: ReturnType<typeof createClient>;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.port, server.host);
  nodeRedis = createClient({ url: server.url });
  nodeRedis.on("error", () => {});
  await nodeRedis.connect();
  // The server learns the scripts, so that each call is one command from here on.
  for (const legacy of ["off", "adopt", "share", "return"] as const) {
    await begin(legacy);
    const store = ours(legacy);
    const data = (await load(store, legacy)) as Data;
    await store.set(legacy, Object.assign(data, { n: 1 }));
    await store.touch(legacy, data);
    await store.destroy(legacy);
  }
  await begin("dead");
  await takeSteps("dead", 3);
  await ours("adopt").get("dead");
});

afterAll(async () => {
  redis.disconnect();
  nodeRedis.destroy();
  await server.stop();
});

function ours(legacy: LegacyMode, client: RedisClient = redis, options: Partial<RedisStoreOptions> = {}) {
  return new RedisStore({ client, legacy, deadlineMs: 60_000, reconnectAfterMs: 0, ...options });
}

/** A session of ours, as instances in `"adopt"` and `"off"` leave it. */
async function begin(id: string, data: Data = {}): Promise<void> {
  await ours("off").set(id, { cookie: cookie(), user: "ada", ...data });
}

function cookie() {
  return { originalMaxAge: IDLE_MS, expires: new Date(Date.now() + IDLE_MS).toISOString() };
}

function load(store: RedisStore, id: string): Promise<Data | null | undefined> {
  return store.get<Data>(id);
}

/** What connect-redis itself finds. */
function theirs(id: string): Promise<Data | null | undefined> {
  return new ConnectRedisStore({ client: nodeRedis }).get(id) as Promise<Data | null | undefined>;
}

const isOursLive = async (id: string): Promise<boolean> =>
  (await ours("off").get(id)) !== null || (await redis.hget(`sess:${sessionKey(id)}`, ""))?.[2] === "F";

/** Begin to give a session back, and die after so many commands. */
async function takeSteps(id: string, steps: number): Promise<void> {
  let left = steps;
  const call = (name: string, args: string[]): Promise<unknown> =>
    left-- > 0 ? redis.call(name, args) : Promise.reject(new Error("this process died"));
  await ours("return", { call, on: () => {} } as RedisClient)
    .get(id)
    .catch(() => {});
}

/** A request: it loads the session, changes it and stores it. */
const request =
  (legacy: LegacyMode, id: string, change: Data) =>
  async (client: RedisClient): Promise<void> => {
    const store = ours(legacy, client);
    const data = await load(store, id);
    expect(data).toMatchObject({ user: "ada" });
    await store.set(id, Object.assign(data as Data, change));
    expect(await load(store, id)).toMatchObject(change);
  };

/** A request that has loaded the session already, and now does the rest. */
async function inFlight(
  legacy: LegacyMode,
  id: string,
  rest: (store: RedisStore, data: Data) => Promise<unknown>,
): Promise<(client: RedisClient) => Promise<unknown>> {
  let through: RedisClient = redis;
  const call = (name: string, args: string[]): Promise<unknown> =>
    (through as unknown as Redis).call(name, args);
  const store = ours(legacy, { call, on: () => {} } as RedisClient);
  const data = (await load(store, id)) as Data;
  return (client) => {
    through = client;
    return rest(store, data);
  };
}

const giveBack = (id: string) => (client: RedisClient) => ours("return", client).get(id);
const logout = (legacy: LegacyMode, id: string) => (client: RedisClient) => ours(legacy, client).destroy(id);

/** In the end every instance finds it with all that was written, and connect-redis does, too. */
async function expectAlive(id: string, expected: Data): Promise<void> {
  expect(await load(ours("share"), id)).toMatchObject(expected);
  expect(await load(ours("return"), id)).toMatchObject(expected);
  expect(await theirs(id)).toMatchObject(expected);
  expect(await load(ours("share"), id)).toMatchObject(expected);
  expect(await isOursLive(id)).toBe(false);
}

async function expectEnded(id: string): Promise<void> {
  expect((await redis.hget(`sess:${sessionKey(id)}`, ""))?.[2]).toBe("T");
  expect(await load(ours("share"), id)).toBeNull();
  expect(await load(ours("return"), id)).toBeNull();
  expect(await load(ours("adopt"), id)).toBeNull();
}

// Each explores sessions of its own: together they wait for the server once where they would wait for each command.
describe.concurrent("every order of the commands of what runs at once", () => {
  /** `late`: a copy that a process made before it died may stand for its half minute, and count nowhere. */
  async function each(
    name: string,
    switches: number,
    scene: (id: string) => Promise<Scene>,
    verify: (id: string) => Promise<void>,
    mortal: readonly string[] = [],
  ): Promise<void> {
    const runs = await explore(redis, { switches, mortal }, async (round) => {
      const id = `${name}-${round}`;
      await begin(id);
      return {
        scene: await scene(id),
        verify: (course) =>
          verify(id).catch((error: Error) => {
            throw new Error(`${course.join(", ")}: ${error.message}`, { cause: error });
          }),
      };
    });
    expect(runs).toBeGreaterThan(10);
  }

  test("a write in flight goes where the session goes", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      back: giveBack(id),
      write: await inFlight("share", id, async (store, data) => {
        await store.set(id, Object.assign(data, { a: 1 }));
        await store.set(id, Object.assign(data, { b: 1 }));
        expect(await load(store, id)).toMatchObject({ a: 1, b: 1 });
      }),
    });
    await each("write", 3, scene, (id) => expectAlive(id, { user: "ada", a: 1, b: 1 }));
  }, 120_000);

  test("whole requests on instances in share and in return lose nothing of each other", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      return: request("return", id, { a: 1 }),
      share: request("share", id, { b: 1 }),
    });
    await each("requests", 2, scene, (id) => expectAlive(id, { user: "ada", a: 1, b: 1 }));
  }, 120_000);

  test("two that give it back at once", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      one: request("return", id, { a: 1 }),
      two: request("return", id, { b: 1 }),
    });
    await each("twice", 2, scene, (id) => expectAlive(id, { user: "ada", a: 1, b: 1 }));
  }, 120_000);

  test("what the other wrote after it was given back is not written over by one that is late", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      late: giveBack(id),
      two: request("return", id, { a: 1 }),
      write: await inFlight("share", id, (store, data) => store.set(id, Object.assign(data, { b: 1 }))),
    });
    await each("late", 2, scene, (id) => expectAlive(id, { user: "ada", a: 1, b: 1 }));
  }, 120_000);

  test.each(["share", "return"] as const)(
    "a logout in %s ends it for good, whoever dies meanwhile",
    async (legacy) => {
      const scene = async (id: string): Promise<Scene> => ({
        one: giveBack(id),
        two: giveBack(id),
        logout: logout(legacy, id),
        write: await inFlight("share", id, (store, data) => store.set(id, Object.assign(data, { a: 1 }))),
      });
      const verify = async (id: string): Promise<void> => {
        await expectEnded(id);
        // What a process that died had copied too late.
        const left = await redis.get(`sess:${id}`);
        if (left !== null) {
          expect(left).toMatch(/\}\s{4,} \t \t$/);
          expect(await redis.pttl(`sess:${id}`)).toBeLessThanOrEqual(30_000);
        }
      };
      await each(`logout-${legacy}`, 1, scene, verify, ["one"]);
    },
    240_000,
  );

  test("what has just become theirs is not brought back by a copy that is late and a write in flight", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      late: giveBack(id),
      write: async (client) => {
        const store = ours("return", client);
        const data = await load(store, id);
        if (data === null) return;
        await store.set(id, Object.assign(data as Data, { a: 1 }));
        await store.touch(id, data as Data);
      },
      logout: logout("share", id),
    });
    const verify = async (id: string): Promise<void> => {
      await expectEnded(id);
      expect(await redis.exists(`sess:${id}`)).toBe(0);
    };
    await each("late-write", 3, scene, verify);
  }, 240_000);

  test.sequential("a touch in flight moves the deadline of what it has become", async () => {
    // No two that give it back find the same time in its cookie; nor would the other tests, hence alone.
    const now = Date.now.bind(Date);
    let ticks = 0;
    vi.spyOn(Date, "now").mockImplementation(() => now() + ticks++);
    onTestFinished(() => void vi.restoreAllMocks());
    const scene = async (id: string): Promise<Scene> => {
      await redisBackend(redis).touch(sessionKey(id), { idleMs: 20_000 });
      return {
        back: giveBack(id),
        touch: await inFlight("share", id, (store, data) => store.touch(id, data)),
      };
    };
    const verify = async (id: string): Promise<void> => {
      await expectAlive(id, { user: "ada" });
      expect(await redis.pttl(`sess:${id}`)).toBeGreaterThan(IDLE_MS - 120_000);
    };
    await each("touch", 3, scene, verify);
  }, 120_000);

  test("an instance that dies on the way leaves a session that works and is given back later", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      back: giveBack(id),
      share: request("share", id, { a: 1 }),
    });
    await each("death", 2, scene, (id) => expectAlive(id, { user: "ada", a: 1 }), ["back"]);
  }, 120_000);

  test("of a login in flight (regenerate) the old id is dead", async () => {
    const scene = async (id: string): Promise<Scene> => ({
      back: giveBack(id),
      login: await inFlight("share", id, async (store, data) => {
        store.generate = () => {};
        const request = { sessionID: id };
        store.createSession(request, data);
        await new Promise<void>((resolve, reject) => {
          store.regenerate(request, (error) => (error ? reject(error) : resolve()));
        });
      }),
    });
    const verify = async (id: string): Promise<void> => {
      await expectEnded(id);
      expect(await redis.exists(`sess:${id}`)).toBe(0);
    };
    await each("login", 4, scene, verify);
  }, 120_000);

  test("what an adoption left under their key is older than ours, and is written over", async () => {
    const scene = async (id: string): Promise<Scene> => {
      await new ConnectRedisStore({ client: nodeRedis }).set(id, {
        cookie: cookie(),
        user: "eve",
        old: 1,
      } as never);
      return { back: giveBack(id), share: request("share", id, { a: 1 }) };
    };
    const verify = async (id: string): Promise<void> => {
      await expectAlive(id, { user: "ada", a: 1 });
      expect(await theirs(id)).not.toHaveProperty("old");
    };
    await each("leftover", 2, scene, verify);
  }, 120_000);
});
