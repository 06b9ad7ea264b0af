import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend } from "@unstick/session";
import { SessionStore } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import expressSession from "express-session";
import Koa from "koa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type App, Browser, type Routes, startApp, testBackend } from "./session-app.ts";

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const routes: Routes = {
  "/begin": (req, res) => {
    Object.assign(req.session, { list: [] });
    res.end();
  },
  "/add": async (req, res) => {
    const list = [...(req.session.list as string[])];
    await new Promise((resolve) => setTimeout(resolve, 5));
    req.session.list = [...list, (req.url ?? "").slice(5)];
    res.end();
  },
  "/read": (req, res) => res.end(JSON.stringify(req.session.list ?? null)),
};

describe("serialize", () => {
  it("runs the requests of one session one after another, on every instance, and others at the same time", async () => {
    const backend = testBackend();
    const serialize = (req: { url?: string }): boolean => req.url?.startsWith("/add") === true;
    for (let instance = 0; instance < 2; instance += 1)
      apps.push(await startApp({ backend, serialize }, routes));
    const [first, second] = apps as [App, App];
    const browser = first.browser();
    await browser.get("/begin");
    const other = second.browser();
    other.jar.set("connect.sid", browser.jar.get("connect.sid") as string);
    await Promise.all(
      [..."abcdefgh"].map((letter, at) => (at % 2 ? other : browser).fork().get(`/add?${letter}`)),
    );
    expect(
      JSON.parse((await browser.get("/read")).body)
        .sort()
        .join(""),
    ).toBe("abcdefgh");
  });

  it("goes on when a client went away, and when a holder never gives it back", async () => {
    const app = await startApp(
      { serialize: () => true, serializeLeaseMs: 50 },
      {
        ...routes,
        "/hang": () => undefined,
      },
    );
    apps.push(app);
    const browser = app.browser();
    await browser.get("/begin");
    const hung = request({
      port: app.port,
      host: "127.0.0.1",
      path: "/hang",
      headers: { cookie: browser.cookie },
    });
    hung.on("error", () => undefined).end();
    await browser.get("/add?x");
    hung.destroy();
    expect(JSON.parse((await browser.get("/read")).body)).toEqual(["x"]);
  });
});

/** Longer than a test may take: who waits for it fails. */
const NEVER_MS = 60_000;

interface Served {
  readonly port: number;
  close(): Promise<void>;
}

/** One application on each framework; `began` is called when `/hang` and `/throw` hold their session. */
const applications: Readonly<Record<string, (began: () => void) => Promise<Served>>> = {
  Express: (began) =>
    startApp(
      { serialize: () => true, serializeLeaseMs: NEVER_MS },
      {
        ...routes,
        "/hang": () => began(),
        "/throw": () => {
          began();
          throw new Error("handler");
        },
      },
    ),
  Koa: async (began) => {
    const app = new Koa();
    app.keys = ["keyboard cat"];
    app.silent = true;
    const backend = memoryBackend();
    app.use(koaSession({ backend, serialize: () => true, serializeLeaseMs: NEVER_MS }, app));
    app.use(async (context) => {
      const ctx = context as unknown as Koa.Context & { session: { list?: string[] } };
      const list = ctx.session.list ?? [];
      ctx.body = list;
      if (ctx.path === "/begin") ctx.session.list = [];
      if (ctx.path === "/add") {
        await new Promise((resolve) => setTimeout(resolve, 5));
        ctx.session.list = [...list, ctx.querystring];
      }
      if (ctx.path === "/hang") {
        began();
        await new Promise(() => undefined);
      }
      if (ctx.path === "/throw") {
        began();
        throw new Error("handler");
      }
    });
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      },
    };
  },
};

describe.each(Object.entries(applications))("serialize on %s", (_framework, start) => {
  let served: Served;
  let began: Promise<void>;
  let first: Browser;
  beforeEach(async () => {
    let tell = (): void => undefined;
    began = new Promise((resolve) => {
      tell = resolve;
    });
    served = await start(() => tell());
    first = new Browser(served.port);
    await first.get("/begin");
  });
  afterEach(() => served.close());

  const list = async (): Promise<string[]> => JSON.parse((await first.get("/read")).body) as string[];

  it("loses no change of requests at once", async () => {
    await Promise.all([..."abcdef"].map((letter) => first.fork().get(`/add?${letter}`)));
    expect((await list()).sort().join("")).toBe("abcdef");
  });

  it("gives the session back when the client goes away, long before the lease", async () => {
    const { cookie } = first;
    const hung = request({ port: served.port, host: "127.0.0.1", path: "/hang", headers: { cookie } });
    hung.on("error", () => undefined).end();
    await began;
    const waiting = first.fork().get("/add?x");
    // The session of another visitor does not wait.
    const other = new Browser(served.port);
    await other.get("/begin");
    await other.get("/add?y");
    hung.destroy();
    await waiting;
    expect(await list()).toEqual(["x"]);
  });

  it("gives the session back when the handler throws", async () => {
    expect((await first.get("/throw")).status).toBe(500);
    await first.get("/add?x");
    expect(await list()).toEqual(["x"]);
  });
});

describe("moving from the drop-in store to the drop-in middleware", () => {
  it("leaves sessions open both ways: one cookie, one record", async () => {
    const backend = memoryBackend();
    const secret = "keyboard cat";
    const options = { secret, resave: false, saveUninitialized: false, cookie: { maxAge: 60_000 } };
    const after = await startApp({ backend, ...options }, routes);
    apps.push(after);
    const peer = expressSession({ ...options, store: new SessionStore(backend) as never });
    const server = createServer((req, res) => {
      peer(req as never, res as never, () => {
        const { session } = req as unknown as { session: { list?: string[] } };
        if (req.url === "/begin") session.list = ["theirs"];
        res.end(JSON.stringify(session.list ?? null));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const theirs = new Browser((server.address() as AddressInfo).port);
    await theirs.get("/begin");
    const ours = after.browser();
    for (const [name, value] of theirs.jar) ours.jar.set(name, value);
    expect((await ours.get("/read")).body).toBe('["theirs"]');
    await ours.get("/add?ours");
    expect((await theirs.get("/read")).body).toBe('["theirs","ours"]');
    server.closeAllConnections();
    server.close();
  });
});
