import type { ServerResponse } from "node:http";
import { memoryBackend } from "@unstick/session";
import { MemoryStore, type Session, session } from "@unstick/session/express";
import { MemoryStore as KoaMemoryStore, session as koaSession } from "@unstick/session/koa";
import expressSession from "express-session";
import Koa from "koa";
import { afterEach, describe, expect, it } from "vitest";
import { type App, hosts, type Routes, startApp } from "./session-app.ts";

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** A method of `req.session`, with a callback or as a promise. */
type Call = (session: Session, method: "save" | "reload" | "regenerate" | "destroy") => Promise<void>;
const calls: readonly (readonly [string, Call])[] = [
  [
    "callbacks",
    (session, method) =>
      new Promise((resolve, reject) => {
        const answer = session[method]((error?: unknown) => (error ? reject(error) : resolve()));
        expect(answer).toBe(session);
      }),
  ],
  ["promises", (session, method) => session[method]()],
];

/** Where sessions live. */
const places: readonly (readonly [string, () => Parameters<typeof startApp>[0]])[] = [
  ["a backend", () => ({ backend: memoryBackend(), graceMs: 0 })],
  ["somebody's store", () => ({ store: new expressSession.MemoryStore() as never })],
];

const cases = hosts.flatMap((host) =>
  calls.flatMap(([how, call]) => places.map(([where, place]) => ({ host, how, call, where, place }))),
);

describe.each(cases)("$host, $where, $how", ({ host, call, place }) => {
  async function start(routes: Routes): Promise<App> {
    const app = await startApp(
      place(),
      {
        "/set": (req, res) => {
          Object.assign(req.session, { name: "ann" });
          res.end(req.sessionID);
        },
        "/read": (req, res) => res.end(JSON.stringify({ ...req.session, cookie: undefined })),
        ...routes,
      },
      host,
    );
    apps.push(app);
    return app;
  }

  it("save() has stored when it answers", async () => {
    let other: () => Promise<string> = () => Promise.reject(new Error("no browser"));
    const app = await start({
      "/save": async (req, res) => {
        Object.assign(req.session, { name: "bob" });
        await call(req.session, "save");
        res.end(await other());
      },
    });
    const browser = app.browser();
    await browser.get("/set");
    other = async () => (await browser.fork().get("/read")).body;
    expect(JSON.parse((await browser.get("/save")).body)).toEqual({ name: "bob" });
  });

  it("reload() gives another object with what is stored, and forgets what was changed", async () => {
    const app = await start({
      "/reload": async (req, res) => {
        const { session, sessionID } = req;
        Object.assign(session, { name: "bob", more: 1 });
        await call(session, "reload");
        const isOther = req.session !== session && req.session.id === sessionID;
        res.end(JSON.stringify([isOther, req.session.name, req.session.more ?? null]));
      },
    });
    const browser = app.browser();
    await browser.get("/set");
    expect((await browser.get("/reload")).body).toBe('[true,"ann",null]');
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ name: "ann" });
  });

  it("regenerate() begins an empty session under a new id, and the old id opens nothing", async () => {
    const app = await start({
      "/regenerate": async (req, res) => {
        const { sessionID } = req;
        await call(req.session, "regenerate");
        const isNew = req.sessionID !== sessionID && req.session.id === req.sessionID;
        const { name = null } = req.session;
        Object.assign(req.session, { fresh: true });
        res.end(JSON.stringify([isNew, name]));
      },
    });
    const browser = app.browser();
    await browser.get("/set");
    const old = browser.fork();
    const { body, cookies } = await browser.get("/regenerate");
    expect([body, cookies.size]).toEqual(["[true,null]", 1]);
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ fresh: true });
    expect((await old.get("/read")).body).toBe("{}");
  });

  it("destroy() takes the session from the request, the store and the browser", async () => {
    const app = await start({
      "/destroy": async (req, res) => {
        await call(req.session, "destroy");
        res.end(String(req.session));
      },
    });
    const browser = app.browser();
    await browser.get("/set");
    const other = browser.fork();
    const { body, cookies } = await browser.get("/destroy");
    expect(body).toBe("undefined");
    expect(cookies.get("connect.sid")).toContain("Expires=Thu, 01 Jan 1970");
    expect((await other.get("/read")).body).toBe("{}");
  });
});

describe.each(hosts)("req.session.cookie on %s", (host) => {
  it("gives this session a lifetime of its own, which touch() begins anew", async () => {
    const app = await startApp(
      { cookie: { maxAge: 60_000 } },
      {
        "/short": (req, res) => {
          Object.assign(req.session, { name: "ann" });
          req.session.cookie.maxAge = 5_000;
          res.end();
        },
        "/age": (req, res) => res.end(String(req.session.cookie.originalMaxAge)),
        "/touch": async (req, res) => {
          const { cookie } = req.session;
          await new Promise((resolve) => setTimeout(resolve, 30));
          const before = Number(cookie.maxAge);
          req.session.touch();
          const after = Number(cookie.maxAge);
          res.end(String(after > before && after > 4_990 && after <= 5_000));
        },
      },
      host,
    );
    apps.push(app);
    const browser = app.browser();
    const { cookies } = await browser.get("/short");
    const expires = /Expires=([^;]+)/.exec(cookies.get("connect.sid") ?? "")?.[1] ?? "";
    const leftMs = Date.parse(expires) - Date.now();
    expect(leftMs).toBeGreaterThan(3_000);
    expect(leftMs).toBeLessThanOrEqual(5_000);
    expect((await browser.get("/age")).body).toBe("5000");
    expect((await browser.get("/touch")).body).toBe("true");
  });
});

describe.each(hosts)("req.sessionStore on %s", (host) => {
  it("lists, counts, reads and ends sessions", async () => {
    type Store = {
      all(): Promise<Record<string, unknown>[]>;
      length(): Promise<number>;
      get(id: string): Promise<{ name?: string } | null>;
      destroy(id: string): Promise<void>;
    };
    const app = await startApp(
      {},
      {
        "/set": (req, res) => {
          Object.assign(req.session, { name: "ann" });
          res.end();
        },
        "/list": async (req, res) => {
          const { sessionStore: store, sessionID } = req as unknown as {
            sessionStore: Store;
            sessionID: string;
          };
          const before = [
            (await store.all()).length,
            await store.length(),
            (await store.get(sessionID))?.name,
          ];
          await store.destroy(sessionID);
          res.end(JSON.stringify([...before, await store.length(), await store.get(sessionID)]));
        },
      },
      host,
    );
    apps.push(app);
    const browser = app.browser();
    await browser.get("/set");
    expect((await browser.get("/list")).body).toBe('[1,1,"ann",0,null]');
  });
});

describe("at start-up", () => {
  it("a store of somebody else's is said to lose what overlaps; a backend and a store of ours are not", async () => {
    const said: string[] = [];
    const listen = (warning: Error & { code?: string }): void => {
      if (warning.code === "WRN_UNSTICK_FOREIGN_STORE") said.push(warning.message.split(" ", 1)[0] ?? "");
    };
    process.on("warning", listen);
    class TheirStore extends expressSession.MemoryStore {}
    class TheirKoaStore extends Map<string, unknown> {
      destroy(): void {}
    }
    class TheirContextStore {
      get(): void {}
      set(): void {}
      destroy(): void {}
    }
    const app = (): Koa => Object.assign(new Koa(), { keys: ["x"] });
    session({ secret: "x", backend: memoryBackend() });
    session({ secret: "x", store: new MemoryStore() as never });
    session({ secret: "x", store: new TheirStore() as never });
    koaSession({ backend: memoryBackend() }, app());
    koaSession({ store: new KoaMemoryStore() as never }, app());
    koaSession({ ContextStore: new KoaMemoryStore().ContextStore as never }, app());
    koaSession({ store: new TheirKoaStore() as never }, app());
    koaSession({ ContextStore: TheirContextStore as never }, app());
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(said).toEqual(["TheirStore", "TheirKoaStore", "TheirContextStore"]);
  });
});

describe.each(hosts)("on %s, once", (host) => {
  it.each<[string, Parameters<typeof startApp>[0], (response: ServerResponse) => void]>([
    ["SHARED_RESPONSE", {}, (response) => response.setHeader("Cache-Control", "public, max-age=60")],
    ["INSECURE", { cookie: { secure: true } }, () => undefined],
    ["LATE_SESSION", {}, (response) => response.write("begun")],
  ])("a session that could not be given is told: %s", async (what, options, prepare) => {
    const said: string[] = [];
    const listen = (warning: Error & { code?: string }): void => void said.push(warning.code ?? "");
    process.on("warning", listen);
    const app = await startApp(
      options,
      {
        "/": (req, res) => {
          prepare(res);
          setImmediate(() => {
            Object.assign(req.session, { name: "ann" });
            res.end();
          });
        },
      },
      host,
    );
    apps.push(app);
    for (const _ of [1, 2]) {
      const { status, cookies } = await app.browser().get("/");
      expect([status, cookies.size]).toEqual([200, 0]);
    }
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(said).toEqual([`WRN_UNSTICK_${what}`]);
  });
});
