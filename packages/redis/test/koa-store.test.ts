import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createBrowserClient, type RedisServer, startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import Koa from "koa";
import koaSession from "koa-session";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { RedisStore, type RedisStoreOptions } from "../src/koa/index.ts";

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.port, server.host);
});

afterAll(async () => {
  client.disconnect();
  await server.stop();
});

beforeEach(() => client.flushall());

/** What koa-redis does under koa-session: a bare key, seconds, JSON. */
const koaRedis = {
  get: async (key: string) => JSON.parse((await client.get(key)) ?? "null") as unknown,
  set: async (key: string, session: object, maxAge: number) =>
    void (await client.setex(key, Math.ceil(maxAge / 1000), JSON.stringify(session))),
  destroy: async (key: string) => void (await client.del(key)),
};

async function instance(store: object): Promise<string> {
  const app = new Koa();
  app.keys = ["test"];
  app.use(koaSession({ store } as never, app as never) as never);
  app.use((ctx) => {
    const { session } = ctx as unknown as { session: { visits?: number } | null };
    if (ctx.path === "/logout") (ctx as unknown as { session: null }).session = null;
    else session!.visits = (session!.visits ?? 0) + 1;
    ctx.body = ctx.path === "/logout" ? "out" : String(session!.visits);
  });
  const http = createServer(app.callback());
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function browser() {
  const made = createBrowserClient();
  onTestFinished(() => made.close());
  return made;
}

describe("coming from koa-redis", () => {
  test("sessions under bare keys go on, and end everywhere with a logout", async () => {
    const [before, after] = [
      await instance(koaRedis),
      await instance(new RedisStore({ client, legacy: "adopt" })),
    ];
    const visitor = browser();
    expect((await visitor.get(before)).body).toBe("1");
    expect((await visitor.get(after)).body).toBe("2");
    expect((await visitor.get(after)).body).toBe("3");
    expect(await client.keys("*")).toHaveLength(1);
    await visitor.get(`${after}/logout`);
    expect((await visitor.get(after)).body).toBe("1");
  });

  test("sessions of koa-generic-session are found by its prefix", async () => {
    await client.set("koa:sess:one", JSON.stringify({ user: "ada", cookie: { maxAge: 1000 } }), "PX", 50_000);
    const store = new RedisStore({ client, legacy: "adopt", legacyPrefix: "koa:sess:" });
    expect(await store.get("one")).toMatchObject({ user: "ada" });
    expect(await client.exists("koa:sess:one")).toBe(0);
    expect(await store.get("one")).toMatchObject({ user: "ada" });
  });

  test("requests that meet one of its sessions at once on several instances all find it", async () => {
    const stores = Array.from({ length: 3 }, () => new RedisStore({ client, legacy: "adopt" }));
    for (let round = 0; round < 50; round++) {
      await koaRedis.set(`${round}`, { user: "ada" }, 60_000);
      const found = Array.from({ length: 9 }, (_, at) => stores[at % 3]!.get(`${round}`));
      expect((await Promise.all(found)).map((session) => session?.user)).toEqual(Array(9).fill("ada"));
    }
  });

  test("what is no session, or one that was ended, is not adopted", async () => {
    const store = new RedisStore({ client, legacy: "adopt" });
    const damaged: unknown[] = [];
    const note = (event: unknown): void => void damaged.push(event);
    subscribe("unstick.session.damaged", note);
    onTestFinished(() => void unsubscribe("unstick.session.damaged", note));
    await client.set("one", "{cut");
    expect(await store.get("one")).toBeNull();
    expect(damaged).toHaveLength(1);
    await store.destroy("two");
    await client.set("two", JSON.stringify({ user: "ada" }));
    expect(await store.get("two")).toBeNull();
  });
});

test.each([
  ["legacy", { legacy: "share" }],
  ["legacyPrefix", { legacyPrefix: 1 }],
  ["serialize", { serialize: JSON.stringify }],
  ["client", { client: undefined }],
])("a wrong %s is refused by name", (option, options) => {
  expect(() => new RedisStore({ client, ...options } as unknown as RedisStoreOptions)).toThrow(
    expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
  );
});
