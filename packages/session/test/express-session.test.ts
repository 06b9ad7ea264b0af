import { afterEach, describe, expect, it } from "vitest";
import { type App, type Host, hosts, type Routes, startApp, testBackend } from "./session-app.ts";

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(options: Parameters<typeof startApp>[0], routes: Routes, host?: Host): Promise<App> {
  const app = await startApp(options, routes, host);
  apps.push(app);
  return app;
}

const count: Routes = {
  "/count": (req, res) => {
    req.session.views = ((req.session.views as number | undefined) ?? 0) + 1;
    res.end(String(req.session.views));
  },
  "/read": (req, res) => res.end(JSON.stringify(req.session)),
  "/idle": (_req, res) => res.end("idle"),
  "/logout": async (req, res) => {
    await req.session.logout();
    res.end("bye");
  },
};

describe.each(hosts)("a session on %s", (host) => {
  it("is kept from request to request under one cookie", async () => {
    const app = await start({}, count, host);
    const browser = app.browser();
    const first = await browser.get("/count");
    expect(first.cookies.get("connect.sid")).toMatch(
      /^connect\.sid=s%3A[A-Za-z0-9_-]{43}\.[^;]+; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const second = await browser.get("/count");
    expect([first.body, second.body]).toEqual(["1", "2"]);
    expect(second.cookies.size).toBe(0);
  });

  it("costs an anonymous visitor nothing", async () => {
    const backend = testBackend();
    const app = await start({ backend }, count, host);
    for (const path of ["/idle", "/read"]) {
      const { cookies, headers } = await app.browser().get(path);
      expect(cookies.size).toBe(0);
      expect(headers).not.toHaveProperty("cache-control");
      expect(headers).not.toHaveProperty("vary");
    }
    expect(backend.calls).toEqual([]);
  });

  it("is neither looked up nor there for a request that is skipped", async () => {
    const backend = testBackend();
    const skip = ({ url }: { url?: string }): boolean => url === "/health";
    const health: Routes = { "/health": (req, res) => res.end(String(req.session)) };
    const app = await start({ backend, skip: skip as never, rolling: true }, { ...count, ...health }, host);
    const browser = app.browser();
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

  it("is not seen before it is stored, whatever the save takes", async () => {
    const backend = testBackend();
    const app = await start(
      { backend },
      {
        ...count,
        "/begin": (req, res) => {
          req.session.user = "ann";
          res.writeHead(302, { Location: "/read" }).end();
        },
      },
      host,
    );
    let isStored = false;
    backend.before = async (verb) => {
      if (verb !== "create") return;
      await new Promise((resolve) => setTimeout(resolve, 30));
      isStored = true;
    };
    const browser = app.browser();
    const { status } = await browser.get("/begin");
    expect([status, isStored]).toEqual([302, true]);
    expect((await browser.get("/read")).body).toContain("ann");
  });

  it.each(["create", "update", "read"] as const)(
    "answers 503 without a cookie when %s fails",
    async (verb) => {
      const backend = testBackend();
      const app = await start({ backend }, count, host);
      const browser = app.browser();
      if (verb !== "create") await browser.get("/count");
      backend.failing.add(verb);
      const { status, body, cookies } = await browser.get("/count");
      expect({ status, cookies: cookies.size }).toEqual({ status: 503, cookies: 0 });
      expect(body).toContain(`${verb} failed`);
      backend.failing.clear();
      expect((await browser.get("/count")).status).toBe(200);
    },
  );

  it("saves nothing of a handler that throws, unless asked to", async () => {
    const failing: Routes = {
      ...count,
      "/throw": (req) => {
        req.session.views = 99;
        throw new Error("handler");
      },
    };
    const app = await start({}, failing, host);
    const browser = app.browser();
    await browser.get("/count");
    const thrown = await browser.get("/throw");
    expect(thrown).toMatchObject({ status: 500, body: "handler" });
    expect((await browser.get("/count")).body).toBe("2");
    const stranger = await app.browser().get("/throw");
    expect(stranger.cookies.size).toBe(0);

    const saving = await start({ saveOnError: true }, failing, host);
    const other = saving.browser();
    await other.get("/throw");
    expect((await other.get("/count")).body).toBe("100");
  });

  it("writes what changes after the first byte, before the end", async () => {
    const app = await start(
      {},
      {
        ...count,
        "/stream": (req, res) => {
          res.write("begun, ");
          setTimeout(() => {
            req.session.streamed = true;
            res.end("done");
          }, 5);
        },
      },
      host,
    );
    const browser = app.browser();
    await browser.get("/count");
    expect((await browser.get("/stream")).body).toBe("begun, done");
    expect(JSON.parse((await browser.get("/read")).body)).toMatchObject({ views: 1, streamed: true });
  });

  it("ends with logout: the id is dead and the cookie is cleared, with the attributes it was set with", async () => {
    const app = await start({ cookie: { path: "/" }, clearSiteData: ["cache"] }, count, host);
    const browser = app.browser();
    await browser.get("/count");
    const thief = browser.fork();
    const { cookies, headers } = await browser.get("/logout");
    expect(cookies.get("connect.sid")).toBe(
      "connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
    );
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      vary: "Cookie",
      "clear-site-data": '"cache"',
    });
    expect((await thief.get("/count")).body).toBe("1");
  });

  it("clears the cookie of a session that is gone, once", async () => {
    const backend = testBackend();
    const app = await start({ backend }, count, host);
    const browser = app.browser();
    await browser.get("/count");
    for await (const key of backend.sessionKeys()) await backend.destroy(key, 1);
    expect((await browser.get("/idle")).cookies.get("connect.sid")).toContain("Expires=Thu, 01 Jan 1970");
    backend.calls.length = 0;
    expect((await browser.get("/idle")).cookies.size).toBe(0);
    expect(backend.calls).toEqual([]);
  });
});

describe("logging in", () => {
  const routes: Routes = {
    ...count,
    "/login": async (req, res) => {
      await req.session.login("ann", { keep: ["cart"] });
      req.session.user = "ann";
      res.end(req.sessionID);
    },
    "/cart": (req, res) => {
      Object.assign(req.session, { cart: ["book"], guess: 7 });
      res.end(req.sessionID);
    },
  };

  it("gives a new id, keeps what was chosen, and kills the old id", async () => {
    const app = await start({ graceMs: 0 }, routes);
    const browser = app.browser();
    const old = await browser.get("/cart");
    const planted = browser.fork();
    const login = await browser.get("/login");
    expect(login.body).not.toBe(old.body);
    expect(login.cookies.size).toBe(1);
    expect(JSON.parse((await browser.get("/read")).body)).toMatchObject({ cart: ["book"], user: "ann" });
    expect(JSON.parse((await browser.get("/read")).body)).not.toHaveProperty("guess");
    expect(JSON.parse((await planted.get("/read")).body)).not.toHaveProperty("cart");
  });

  it("lets requests under the old id see the session as it was, for the grace, and nothing more", async () => {
    const app = await start({}, routes);
    const browser = app.browser();
    await browser.get("/cart");
    const planted = browser.fork();
    await browser.get("/login");
    const seen = await planted.get("/read");
    expect(JSON.parse(seen.body)).toMatchObject({ cart: ["book"], guess: 7 });
    expect(seen.body).not.toContain("ann");
    expect((await planted.get("/count")).cookies.size).toBe(0);
    expect(JSON.parse((await browser.get("/read")).body)).not.toHaveProperty("views");
  });

  it.each([
    ["the same user: the loser's writes follow", "ann", [200, 200]],
    ["different users: the loser gets a 409", "bob", [200, 409]],
  ])("gives one live id to two logins of one session (%s)", async (_case, second, statuses) => {
    const backend = testBackend();
    let arrived = 0;
    const app = await start(
      { backend },
      {
        ...routes,
        "/as": async (req, res) => {
          const [, user = ""] = (req.url ?? "").split("?");
          arrived += 1;
          await expect.poll(() => arrived).toBe(2);
          await req.session.login(user);
          req.session[`by-${req.headers["x-window"]}`] = true;
          await req.session.save();
          res.end();
        },
      },
    );
    const browser = app.browser();
    await browser.get("/cart");
    const windows = [browser.fork(), browser.fork()] as const;
    const answers = await Promise.all([
      windows[0].get("/as?ann", { headers: { "x-window": "0" } }),
      windows[1].get(`/as?${second}`, { headers: { "x-window": "1" } }),
    ]);
    const keys: string[] = [];
    for await (const key of backend.sessionKeys()) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(answers.filter(({ cookies }) => cookies.size === 1)).toHaveLength(1);
    expect(answers.map((answer) => answer.status).sort()).toEqual(statuses);
  });

  it("warns in development when a user is put into a session that keeps its id", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error & { code?: string }): void => void warnings.push(warning.code ?? "");
    process.on("warning", listen);
    const app = await start(
      {},
      {
        ...count,
        "/careless": (req, res) => {
          req.session.user = "ann";
          res.end();
        },
      },
    );
    const browser = app.browser();
    await browser.get("/count");
    await browser.get("/careless");
    await browser.get("/count");
    await expect.poll(() => warnings).toEqual(["WRN_UNSTICK_PRINCIPAL"]);
    process.off("warning", listen);
  });
});
