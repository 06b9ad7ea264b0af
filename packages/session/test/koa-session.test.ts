import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type KoaSession, type KoaSessionOptions, session } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { Browser, testBackend } from "./session-app.ts";

interface Context {
  path: string;
  status: number;
  body: unknown;
  respond?: boolean;
  session: (KoaSession & Record<string, unknown>) | null;
  res: import("node:http").ServerResponse;
  redirect(url: string): void;
  throw(status: number): never;
}
type Handler = (ctx: Context & { session: KoaSession & Record<string, unknown> }) => unknown;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  options: Partial<KoaSessionOptions>,
  handlers: Readonly<Record<string, Handler>>,
  Application: typeof Koa = Koa,
): Promise<Browser> {
  const app = new Application();
  app.keys = ["a secret of thirty-two bytes, no?"];
  app.silent = true;
  app.use(session({ backend: testBackend(), ...options }, app));
  app.use((ctx: unknown) => handlers[(ctx as Context).path]?.(ctx as never) as never);
  const server = createServer(app.callback()).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return new Browser((server.address() as AddressInfo).port);
}

const count: Readonly<Record<string, Handler>> = {
  "/count": (ctx) => {
    ctx.session.views = ((ctx.session.views as number | undefined) ?? 0) + 1;
    ctx.body = String(ctx.session.views);
  },
  "/read": (ctx) => {
    ctx.body = ctx.session;
  },
  "/idle": (ctx) => {
    ctx.body = "idle";
  },
};

describe.each([
  ["3", Koa],
  ["2", Koa2 as unknown as typeof Koa],
] as const)("a session on Koa %s", (_major, Application) => {
  it("is kept under a signed cookie, and costs an anonymous visitor nothing", async () => {
    const backend = testBackend();
    const browser = await start({ backend }, count, Application);
    expect((await browser.get("/idle")).cookies.size).toBe(0);
    expect((await browser.get("/read")).cookies.size).toBe(0);
    expect(backend.calls).toEqual([]);
    const first = await browser.get("/count");
    expect([...first.cookies.keys()]).toEqual(["koa.sess", "koa.sess.sig"]);
    expect(first.cookies.get("koa.sess")).toMatch(
      /^koa\.sess=[0-9a-f]{8}-[0-9a-f]{56}; path=\/; samesite=lax; httponly$/,
    );
    expect(first.headers).toMatchObject({ "cache-control": "no-store", vary: "Cookie" });
    expect((await browser.get("/count")).body).toBe("2");
  });

  it("is neither looked up nor there for a request that is skipped", async () => {
    const backend = testBackend();
    const skip = ({ path }: { path: string }): boolean => path === "/health";
    const health: Handler = (ctx) => {
      ctx.body = String((ctx as Context).session);
    };
    const browser = await start({ backend, skip }, { ...count, "/health": health }, Application);
    await browser.get("/count");
    backend.calls.length = 0;
    const { body, cookies } = await browser.get("/health");
    expect({ body, cookies: cookies.size, calls: backend.calls }).toEqual({
      body: "undefined",
      cookies: 0,
      calls: [],
    });
    expect((await browser.get("/count")).body).toBe("2");
  });

  it("that is gone has its cookie cleared, once", async () => {
    const backend = testBackend();
    const browser = await start({ backend }, count, Application);
    await browser.get("/count");
    for await (const key of backend.sessionKeys()) await backend.destroy(key, 1);
    expect((await browser.get("/idle")).cookies.get("koa.sess")).toContain("expires=Thu, 01 Jan 1970");
    backend.calls.length = 0;
    expect((await browser.get("/idle")).cookies.size).toBe(0);
    expect(backend.calls).toEqual([]);
  });

  it.each([false, true])("is shown to beforeSave once, and written once (rolling: %s)", async (rolling) => {
    const backend = testBackend();
    const beforeSave = (_ctx: unknown, session: Record<string, unknown>) => {
      session.saves = ((session.saves as number | undefined) ?? 0) + 1;
    };
    const browser = await start({ backend, beforeSave: beforeSave as never, rolling }, count, Application);
    await browser.get("/count");
    expect(backend.calls).toEqual(["create"]);
    backend.calls.length = 0;
    await browser.get("/count");
    expect(backend.calls).toEqual(["read", "update"]);
    // This answer is made of the session itself, after it was stored.
    backend.calls.length = 0;
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ views: 2, saves: rolling ? 3 : 2 });
    expect(backend.calls).toEqual(rolling ? ["read", "update"] : ["read"]);
  });

  it("is stored before the answer leaves, a raw answer too", async () => {
    const backend = testBackend();
    const order: string[] = [];
    backend.before = async (verb) => {
      if (verb !== "create") return;
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push("stored");
    };
    const browser = await start(
      { backend },
      {
        ...count,
        "/raw": (ctx) => {
          ctx.session.user = "ann";
          ctx.respond = false;
          ctx.res.writeHead(302, { Location: "/read" }).end();
        },
        "/redirect": (ctx) => {
          ctx.session.user = "bob";
          ctx.redirect("/read");
        },
      },
      Application,
    );
    for (const [path, user] of [
      ["/raw", "ann"],
      ["/redirect", "bob"],
    ] as const) {
      browser.jar.clear();
      const { status, cookies } = await browser.get(path);
      order.push("answered");
      expect({ status, cookies: cookies.size }).toEqual({ status: 302, cookies: 2 });
      expect((await browser.get("/read")).body).toContain(user);
    }
    expect(order).toEqual(["stored", "answered", "stored", "answered"]);
  });

  it("answers 503 without a cookie when it cannot be stored", async () => {
    const backend = testBackend();
    backend.failing.add("create");
    const raw: Handler = (ctx) => {
      ctx.session.user = "ann";
      ctx.respond = false;
      ctx.res.end("secret");
    };
    const browser = await start({ backend }, { ...count, "/raw": raw }, Application);
    for (const path of ["/count", "/raw"]) {
      const { status, cookies, body } = await browser.get(path);
      expect({ status, cookies: cookies.size, body }).toEqual({
        status: 503,
        cookies: 0,
        body: "Service Unavailable",
      });
    }
  });

  it("saves nothing of a handler that throws, unless the error is an answer or it is asked to", async () => {
    const failing: Readonly<Record<string, Handler>> = {
      ...count,
      "/throw": (ctx) => {
        ctx.session.views = 99;
        throw new Error("handler");
      },
      "/refuse": (ctx) => {
        ctx.session.tries = 1;
        ctx.throw(401);
      },
    };
    const browser = await start({}, failing, Application);
    expect(await browser.get("/throw")).toMatchObject({ status: 500, cookies: new Map() });
    expect((await browser.get("/refuse")).cookies.size).toBe(2);
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ tries: 1 });
    await browser.get("/throw");
    expect((await browser.get("/count")).body).toBe("1");
    const saving = await start({ saveOnError: true }, failing, Application);
    await saving.get("/throw");
    expect((await saving.get("/count")).body).toBe("100");
  });

  it("stores what a stream changes after the first byte", async () => {
    const { PassThrough } = await import("node:stream");
    const browser = await start(
      {},
      {
        ...count,
        "/stream": (ctx) => {
          const { session: held } = ctx;
          const stream = new PassThrough();
          ctx.body = stream;
          stream.write("begun, ");
          setTimeout(() => {
            held.streamed = true;
            stream.end("done");
          }, 10);
        },
      },
      Application,
    );
    await browser.get("/count");
    expect((await browser.get("/stream")).body).toBe("begun, done");
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ views: 1, streamed: true });
  });
});

describe("logging in and out on Koa", () => {
  const handlers: Readonly<Record<string, Handler>> = {
    ...count,
    "/login": async (ctx) => {
      await ctx.session.login("ann", { keep: ["cart"] });
      ctx.session.user = "ann";
      ctx.body = ctx.session.externalKey;
    },
    "/cart": (ctx) => {
      Object.assign(ctx.session, { cart: ["book"], guess: 7 });
      ctx.body = ctx.session.externalKey;
    },
    "/logout": async (ctx) => {
      await ctx.session.logout();
      ctx.body = "bye";
    },
    "/null": (ctx) => {
      (ctx as Context).session = null;
      ctx.body = "bye";
    },
  };

  it("gives a new key and kills the old one", async () => {
    const browser = await start({ graceMs: 0 }, handlers);
    const old = await browser.get("/cart");
    const planted = browser.fork();
    const login = await browser.get("/login");
    expect(login.body).not.toBe(old.body);
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ cart: ["book"], user: "ann" });
    expect((await planted.get("/read")).body).toBe("{}");
  });

  it("lets requests under the old key see the session as it was, for the grace, and nothing more", async () => {
    const browser = await start({}, handlers);
    await browser.get("/cart");
    const planted = browser.fork();
    await browser.get("/login");
    await browser.get("/count");
    expect(JSON.parse((await planted.get("/read")).body)).toEqual({ cart: ["book"], guess: 7 });
    expect(await planted.get("/count")).toMatchObject({ body: "1", cookies: new Map() });
    expect(JSON.parse((await planted.get("/read")).body)).toEqual({ cart: ["book"], guess: 7 });
    expect(JSON.parse((await browser.get("/read")).body)).toEqual({ cart: ["book"], user: "ann", views: 1 });
  });

  it.each([
    ["the same user: the loser's writes follow", "ann", [200, 200]],
    ["different users: the loser gets a 409", "bob", [200, 409]],
  ])("gives one live key to two logins of one session (%s)", async (_case, second, statuses) => {
    const backend = testBackend();
    let arrived = 0;
    const as =
      (user: string): Handler =>
      async (ctx) => {
        arrived += 1;
        await expect.poll(() => arrived).toBe(2);
        await ctx.session.login(user);
        ctx.body = "";
      };
    const browser = await start({ backend }, { ...handlers, "/first": as("ann"), "/second": as(second) });
    await browser.get("/cart");
    const answers = await Promise.all(["/first", "/second"].map((path) => browser.fork().get(path)));
    const keys: string[] = [];
    for await (const key of backend.sessionKeys()) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(answers.filter(({ cookies }) => cookies.size === 2)).toHaveLength(1);
    expect(answers.map(({ status }) => status).sort()).toEqual(statuses);
  });

  it("warns in development, once, when a user is put into a session that keeps its key", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error & { code?: string }): void => void warnings.push(warning.code ?? "");
    process.on("warning", listen);
    const browser = await start(
      {},
      {
        ...handlers,
        "/careless": (ctx) => {
          ctx.session.user = "ann";
          ctx.body = "";
        },
      },
    );
    const careful = browser.fork();
    await careful.get("/cart");
    await careful.get("/login");
    for (const path of ["/cart", "/careless", "/cart", "/careless"]) await browser.get(path);
    await browser.get("/null");
    for (const path of ["/cart", "/careless"]) await browser.get(path);
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(warnings).toEqual(["WRN_UNSTICK_PRINCIPAL"]);
  });

  it.each(["/logout", "/null"])("ends the session and clears the cookie (%s)", async (path) => {
    const browser = await start({}, handlers);
    await browser.get("/cart");
    const thief = browser.fork();
    const { cookies } = await browser.get(path);
    expect(cookies.get("koa.sess")).toContain("expires=Thu, 01 Jan 1970");
    expect((await thief.get("/read")).body).toBe("{}");
  });

  it("finds the well signed cookie among several", async () => {
    const browser = await start({}, handlers);
    await browser.get("/cart");
    const good = browser.cookie ?? "";
    const { body } = await browser
      .fork()
      .get("/read", { headers: { cookie: `koa.sess=planted; koa.sess.sig=bad; ${good}` } });
    expect(JSON.parse(body)).toMatchObject({ guess: 7 });
  });
});
