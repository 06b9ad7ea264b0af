import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, memoryBackend } from "@unstick/session";
import { KoaStore, type KoaStoreOptions, MemoryStore } from "@unstick/session/koa";
import { createBrowserClient } from "@unstick/testbed";
import Koa from "koa";
import genericSession from "koa-generic-session";
import koaSession from "koa-session";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventLog } from "./engine/event-log.ts";

type Handler = (ctx: Koa.Context & { session: Record<string, unknown> & KoaMethods }) => unknown;

interface KoaMethods {
  save(): Promise<void>;
  regenerate(): Promise<void>;
}

async function served(app: Koa): Promise<string> {
  const server: Server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function browser() {
  const client = createBrowserClient();
  onTestFinished(() => client.close());
  return client;
}

function koaApp(options: object, routes: Readonly<Record<string, Handler>>): Koa {
  const app = new Koa();
  app.keys = ["test"];
  app.silent = true;
  app.use(koaSession(options as never, app as never) as never);
  app.use((ctx) => routes[ctx.path]!(ctx as never));
  return app;
}

describe("under koa-session", () => {
  test.each([
    ["store", (store: MemoryStore) => ({ store })],
    ["ContextStore", (store: MemoryStore) => ({ ContextStore: store.ContextStore })],
  ])("as %s it keeps a session, its changes and its end", async (_name, options) => {
    const store = new MemoryStore();
    const app = koaApp(options(store), {
      "/": (ctx) => {
        ctx.session.visits = ((ctx.session.visits as number | undefined) ?? 0) + 1;
        ctx.body = String(ctx.session.visits);
      },
      "/logout": (ctx) => {
        (ctx as { session: unknown }).session = null;
        ctx.body = "out";
      },
    });
    const [url, client] = [await served(app), browser()];
    expect([(await client.get(url)).body, (await client.get(url)).body]).toEqual(["1", "2"]);
    expect(await store.ids()).toHaveLength(1);
    await client.get(`${url}/logout`);
    expect(await store.ids()).toEqual([]);
    expect((await client.get(url)).body).toBe("1");
  });

  test('maxAge "session" is kept for the idle lifetime', async () => {
    const store = new MemoryStore({ lifetime: { idleMs: 5_000 } });
    const app = koaApp(
      { store, maxAge: "session" },
      {
        "/": (ctx) => {
          ctx.body = ctx.session.user ?? "nobody";
          ctx.session.user = "ada";
        },
      },
    );
    const [url, client] = [await served(app), browser()];
    expect([(await client.get(url)).body, (await client.get(url)).body]).toEqual(["nobody", "ada"]);
  });

  test("save() that nobody awaited leaves no rejection that ends the process", async () => {
    const backend = memoryBackend();
    const slow = { ...backend, create: late(backend.create), update: late(backend.update) };
    const app = koaApp(
      { store: new KoaStore(slow), autoCommit: false },
      {
        "/": (ctx) => {
          ctx.session.user = "ada";
          void ctx.session.save();
          ctx.body = "sent before it was stored";
        },
      },
    );
    const rejections: unknown[] = [];
    const warnings: Error[] = [];
    const noteRejection = (reason: unknown): void => void rejections.push(reason);
    const noteWarning = (warning: Error): void => void warnings.push(warning);
    process.on("unhandledRejection", noteRejection);
    process.on("warning", noteWarning);
    onTestFinished(() => {
      process.off("unhandledRejection", noteRejection);
      process.off("warning", noteWarning);
    });
    await browser().get(await served(app));
    await expect.poll(() => warnings).toMatchObject([{ code: "UNSTICK_COOKIE_TOO_LATE" }]);
    expect(rejections).toEqual([]);
  });

  test("changes of overlapping requests to different attributes are all kept", async () => {
    const gate = new Gate(2);
    const app = koaApp(
      { store: new MemoryStore() },
      {
        "/login": (ctx) => {
          ctx.session.user = "ada";
          ctx.body = "in";
        },
        "/a": async (ctx) => {
          await gate.pass();
          ctx.session.a = 1;
          ctx.body = "a";
        },
        "/b": async (ctx) => {
          await gate.pass();
          ctx.session.b = 1;
          ctx.body = "b";
        },
        "/all": (ctx) => {
          ctx.body = { user: ctx.session.user, a: ctx.session.a, b: ctx.session.b };
        },
      },
    );
    const [url, client] = [await served(app), browser()];
    await client.get(`${url}/login`);
    await Promise.all([client.get(`${url}/a`), client.get(`${url}/b`)]);
    expect(JSON.parse((await client.get(`${url}/all`)).body)).toEqual({ user: "ada", a: 1, b: 1 });
  });

  test("of two that regenerate one session the second gets 409, and one session lives", async () => {
    const store = new MemoryStore();
    const gate = new Gate(2);
    const app = koaApp(
      { store },
      {
        "/login": (ctx) => {
          ctx.session.user = "ada";
          ctx.body = "in";
        },
        "/regenerate": async (ctx) => {
          await gate.pass();
          await ctx.session.regenerate();
          ctx.body = "new";
        },
      },
    );
    const [url, client] = [await served(app), browser()];
    await client.get(`${url}/login`);
    const pages = await Promise.all([client.get(`${url}/regenerate`), client.get(`${url}/regenerate`)]);
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await store.ids()).toHaveLength(1);
  });

  test("a write in flight brings back nothing after a logout", async () => {
    const store = new MemoryStore();
    const events = eventLog(["refused"]);
    await store.set("one", { user: "ada" }, 60_000);
    const ctx = {};
    const data = await store.get("one", 60_000, { ctx });
    await store.destroy("one");
    await store.set("one", { ...data, late: 1 }, 60_000, { ctx, changed: true });
    expect(await store.get("one")).toBeNull();
    expect(events.map(([, { reason }]) => reason)).toEqual(["gone"]);
    const strict = new MemoryStore({ onGone: "error" });
    await strict.destroy("two");
    await expect(strict.set("two", {}, 60_000)).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_GONE" });
  });
});

describe("the store by itself", () => {
  test("a clock that is off by a day on the reading instance expires nothing", async () => {
    let now = 1_000_000;
    const store = new KoaStore(memoryBackend({ now: () => now }));
    const _maxAge = 60_000;
    await store.set(
      "one",
      { user: "ada", _expire: Date.now() - 86_400_000 + _maxAge, _maxAge },
      _maxAge + 10_000,
    );
    now += 30_000;
    const data = (await store.get("one"))!;
    expect(Math.abs((data._expire as number) - Date.now() - 30_000)).toBeLessThan(2_000);
    now += 30_000;
    expect(((await store.get("one"))!._expire as number) - Date.now()).toBeLessThanOrEqual(0);
    now += 10_000;
    expect(await store.get("one")).toBeNull();
  });

  test("a save that only keeps a session alive moves the deadline no more often than touchIntervalMs says", async () => {
    const touched = eventLog(["touched", "saved"]);
    const store = new MemoryStore();
    await store.set("one", { user: "ada" }, 60_000);
    const ctx = {};
    const data = (await store.get("one", 60_000, { ctx }))!;
    await store.set("one", data, 60_000, { ctx, changed: false, rolling: true });
    expect(touched).toEqual([]);
    await store.set("one", data, 60_000, { ctx, changed: true });
    expect(touched).toHaveLength(1);
  });

  test.each([
    ["onGone", { onGone: "throw" }],
    ["principal", { principal: 1 }],
    ["device", { device: 1 }],
    ["prefix", { prefix: "x" }],
    ["lifetime", { lifetime: "aal9" }],
  ])("a wrong %s is refused by name", (option, options) => {
    expect(() => new MemoryStore(options as unknown as KoaStoreOptions)).toThrow(
      expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
    );
  });

  test("a user's sessions are listed with device and ended", async () => {
    const store = new MemoryStore({ principal: (data: { user?: string }) => data.user });
    const ctx = { ip: "192.0.2.7", get: () => "Firefox" };
    await store.set("one", { user: "ada" }, 60_000, { ctx });
    expect(await store.principals.list("ada")).toMatchObject([
      { userAgent: "Firefox", address: "192.0.2.7" },
    ]);
    expect(await store.principals.endAll("ada")).toBe(1);
    expect(await store.get("one")).toBeNull();
  });
});

test("under koa-generic-session it keeps a session", async () => {
  const app = new Koa();
  app.keys = ["test"];
  app.use(genericSession({ store: new MemoryStore() }));
  app.use((ctx) => {
    const { session } = ctx as unknown as { session: { visits?: number } };
    session.visits = (session.visits ?? 0) + 1;
    ctx.body = String(session.visits);
  });
  const [url, client] = [await served(app), browser()];
  expect([(await client.get(url)).body, (await client.get(url)).body]).toEqual(["1", "2"]);
});

/** Lets so many pass at once, when all have come. */
class Gate {
  #missing: number;
  #open: () => void = () => {};
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve;
  });

  constructor(expected: number) {
    this.#missing = expected;
  }

  pass(): Promise<void> {
    if (--this.#missing === 0) this.#open();
    return this.#opened;
  }
}

function late<Args extends unknown[], Reply>(
  verb: (...args: Args) => Answer<Reply>,
): (...args: Args) => Promise<Reply> {
  return (...args) => new Promise((resolve) => setTimeout(() => resolve(verb(...args)), 50));
}
