import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type KoaSession, type KoaSessionOptions, session } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { Browser, testBackend } from "./session-app.ts";

interface Context {
  path: string;
  body: unknown;
  readonly sessionOptions: Partial<KoaSessionOptions>;
  session: KoaSession & Record<string, unknown>;
}
type Handler = (ctx: Context) => unknown;

interface Told {
  readonly event: string;
  readonly key: unknown;
  readonly value: unknown;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const major2 = Koa2 as unknown as typeof Koa;

describe.each([
  { major: 3, how: "by a promise", Application: Koa },
  { major: 3, how: "at once", Application: Koa },
  { major: 2, how: "by a promise", Application: major2 },
  { major: 2, how: "at once", Application: major2 },
] as const)("ctx.session on Koa $major, answered $how", ({ Application, how }) => {
  async function start(
    options: Partial<KoaSessionOptions>,
    handlers: Readonly<Record<string, Handler>>,
  ): Promise<{ browser: Browser; told: Told[] }> {
    const app = new Application();
    app.keys = ["a secret of thirty-two bytes, no?"];
    app.silent = true;
    const told: Told[] = [];
    for (const event of ["session:missed", "session:invalid", "session:expired"])
      app.on(event, ({ key, value }) => void told.push({ event, key, value }));
    const where = options.store === undefined ? { backend: testBackend(how) } : {};
    app.use(session({ ...where, ...options }, app));
    const known: Readonly<Record<string, Handler>> = {
      "/set": (ctx) => {
        const { isNew } = ctx.session;
        ctx.session.name = "ann";
        ctx.body = { isNew, key: ctx.session.externalKey };
      },
      "/read": (ctx) => {
        ctx.body = { isNew: ctx.session.isNew, name: ctx.session.name ?? null };
      },
      ...handlers,
    };
    app.use((ctx: unknown) => known[(ctx as Context).path]?.(ctx as never) as never);
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });
    return { browser: new Browser((server.address() as AddressInfo).port), told };
  }

  const read = async (browser: Browser): Promise<unknown> => JSON.parse((await browser.get("/read")).body);

  it("a second session() leaves to the first what that has begun", async () => {
    const app = new Application();
    app.keys = ["a secret of thirty-two bytes, no?"];
    const backend = testBackend(how);
    const visits = session({ backend }, app) as unknown as Koa.Middleware;
    const note = (name: string) => (context: Koa.Context, next: () => Promise<unknown>) => {
      const held = (context as unknown as Context).session;
      held[name] = ((held[name] as number | undefined) ?? 0) + 1;
      context.body = held;
      return next();
    };
    app.use(visits).use(note("first")).use(visits).use(note("second"));
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    closers.push(async () => void server.close());
    await once(server, "listening");
    const browser = new Browser((server.address() as AddressInfo).port);
    await browser.get("/");
    expect(JSON.parse((await browser.get("/")).body)).toEqual({ first: 2, second: 2 });
    expect(backend.calls).toEqual(["create", "read", "update"]);
  });

  it.each(["new", "old"])(
    "of a connection that was upgraded (koa-websocket), its cookie by the %s secret",
    async (by) => {
      const backend = testBackend(how);
      const answering = new Application();
      answering.keys = [by];
      answering.use(session({ backend }, answering));
      answering.use((context) => {
        const ctx = context as unknown as Context;
        ctx.session.n = (ctx.session.n as number | undefined) ?? 0;
        ctx.body = String(ctx.session.n);
      });
      const upgrading = new Application();
      upgrading.keys = ["new", "old"];
      const visits = session({ backend, serialize: () => true }, upgrading);
      const server = createServer(answering.callback());
      server.on("upgrade", async (req, socket) => {
        // That package gives no response at all.
        const context = upgrading.createContext(req, undefined as never);
        await visits(context, async () => undefined);
        const { session: held } = context as unknown as Context;
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: count\r\n\r\n");
        socket.on("data", async () => {
          held.n = Number(held.n) + 1;
          await held.save();
          socket.write(String(held.n));
        });
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const browser = new Browser(port);
      await browser.get("/");
      const headers = { connection: "upgrade", upgrade: "count", cookie: browser.cookie };
      const asked = request({ port, host: "127.0.0.1", headers }).end();
      const [, socket] = (await once(asked, "upgrade")) as [IncomingMessage, Socket];
      closers.push(async () => {
        socket.destroy();
        server.closeAllConnections();
        server.close();
      });
      for (const n of ["1", "2"]) {
        socket.write("count");
        expect(String((await once(socket, "data"))[0])).toBe(n);
      }
      expect((await browser.get("/")).body).toBe("2");
    },
  );

  it("isNew and externalKey: new until it was stored, and called as the cookie says", async () => {
    const { browser } = await start({}, {});
    const first = JSON.parse((await browser.get("/set")).body);
    expect(first).toEqual({ isNew: true, key: browser.jar.get("koa.sess") });
    expect(await read(browser)).toEqual({ isNew: false, name: "ann" });
  });

  it("maxAge: of this session, kept with it, and told to the browser", async () => {
    const { browser } = await start(
      { maxAge: 60_000 },
      {
        "/short": (ctx) => {
          ctx.session.name = "ann";
          ctx.session.maxAge = 5_000;
          ctx.body = "";
        },
        "/age": (ctx) => {
          ctx.body = String(ctx.session.maxAge);
        },
      },
    );
    const { cookies } = await browser.get("/short");
    const expires = /expires=([^;]+)/.exec(cookies.get("koa.sess") ?? "")?.[1] ?? "";
    const leftMs = Date.parse(expires) - Date.now();
    expect(leftMs).toBeGreaterThan(3_000);
    expect(leftMs).toBeLessThanOrEqual(5_000);
    expect((await browser.get("/age")).body).toBe("5000");
  });

  it("save() has stored when it answers, and regenerate() gives the data another key", async () => {
    let other: () => Promise<unknown> = () => Promise.reject(new Error("no browser"));
    const { browser } = await start(
      { graceMs: 0 },
      {
        "/save": async (ctx) => {
          ctx.session.name = "bob";
          await ctx.session.save();
          ctx.body = await other();
        },
        "/regenerate": async (ctx) => {
          const { externalKey } = ctx.session;
          await ctx.session.regenerate();
          ctx.body = String(ctx.session.externalKey !== externalKey);
        },
      },
    );
    await browser.get("/set");
    other = () => read(browser.fork());
    expect(JSON.parse((await browser.get("/save")).body)).toEqual({ isNew: false, name: "bob" });
    const old = browser.fork();
    const { body, cookies } = await browser.get("/regenerate");
    expect([body, cookies.size]).toEqual(["true", 2]);
    expect(await read(browser)).toEqual({ isNew: false, name: "bob" });
    expect(await read(old)).toEqual({ isNew: true, name: null });
  });

  it("manuallyCommit(): with autoCommit false nothing else stores", async () => {
    const { browser } = await start(
      { autoCommit: false },
      {
        "/commit": async (ctx) => {
          ctx.session.name = "ann";
          await ctx.session.manuallyCommit();
          ctx.body = "";
        },
      },
    );
    expect((await browser.get("/set")).cookies.size).toBe(0);
    expect((await browser.get("/commit")).cookies.size).toBe(2);
    expect(await read(browser)).toEqual({ isNew: false, name: "ann" });
  });

  it("ctx.sessionOptions: for this request alone", async () => {
    const { browser } = await start(
      {},
      {
        "/strict": (ctx) => {
          Object.assign(ctx.sessionOptions, { sameSite: "strict" });
          ctx.session.name = "ann";
          ctx.body = "";
        },
      },
    );
    expect((await browser.get("/strict")).cookies.get("koa.sess")).toContain("samesite=strict");
    browser.jar.clear();
    expect((await browser.get("/set")).cookies.get("koa.sess")).toContain("samesite=lax");
  });

  it("tells the application of a session that is not there, is refused, or is over", async () => {
    const missed = await start({}, {});
    await missed.browser.get("/set");
    const key = missed.browser.jar.get("koa.sess");
    const gone = await start({}, {});
    gone.browser.jar
      .set("koa.sess", key ?? "")
      .set("koa.sess.sig", missed.browser.jar.get("koa.sess.sig") ?? "");
    expect(await read(gone.browser)).toEqual({ isNew: true, name: null });
    await expect.poll(() => gone.told).toEqual([{ event: "session:missed", key, value: undefined }]);
    expect(gone.browser.jar.has("koa.sess")).toBe(false);

    const valid = (_ctx: unknown, held: Record<string, unknown>): boolean => held.name !== "ann";
    const refused = await start({ valid: valid as never }, {});
    await refused.browser.get("/set");
    expect(await read(refused.browser)).toEqual({ isNew: true, name: null });
    await expect
      .poll(() => refused.told)
      .toMatchObject([{ event: "session:invalid", value: { name: "ann" } }]);

    const kept = new Map<string, Record<string, unknown>>();
    const store = {
      get: (id: string) => kept.get(id),
      set: (id: string, value: Record<string, unknown>) => void kept.set(id, value),
      destroy: (id: string) => void kept.delete(id),
    };
    const over = await start({ store, maxAge: 60_000 }, {});
    await over.browser.get("/set");
    for (const value of kept.values()) value._expire = Date.now() - 1;
    expect(await read(over.browser)).toEqual({ isNew: true, name: null });
    await expect.poll(() => over.told).toMatchObject([{ event: "session:expired", value: { name: "ann" } }]);
  });
});
