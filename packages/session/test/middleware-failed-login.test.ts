import { createEngine } from "@unstick/session";
import { session as koaSession } from "@unstick/session/koa";
import Koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { type Browser, serve, startApp, type TestBackend, testBackend } from "./session-app.ts";

interface Held {
  cart?: unknown;
  tried?: boolean;
  user?: string;
  login(user: string, options?: object): Promise<void>;
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An application that shows its own page when a login fails. */
async function visit(path: string, held: Held): Promise<string> {
  if (path === "/fill") held.cart = [1];
  if (path !== "/login") return JSON.stringify([held.user ?? null, held.cart ?? null]);
  held.user = "ada";
  try {
    await held.login("ada", { keep: ["user"] });
    return "welcome";
  } catch {
    held.tried = true;
    return "try again later";
  }
}

async function onKoa(backend: TestBackend): Promise<Browser> {
  const app = new Koa();
  app.keys = ["a secret of thirty-two bytes, no?"];
  app.use(koaSession({ backend }, app));
  app.use(async (ctx) => {
    ctx.body = await visit(ctx.path, (ctx as unknown as { session: Held }).session);
  });
  const { browser, close } = await serve(app.callback());
  closers.push(close);
  return browser();
}

async function onExpress(backend: TestBackend): Promise<Browser> {
  const paths = ["/fill", "/login", "/show"];
  const routes = paths.map((path) => [
    path,
    async (req: { session: unknown }, res: { end(body: string): void }) =>
      void res.end(await visit(path, req.session as Held)),
  ]);
  const app = await startApp({ backend }, Object.fromEntries(routes) as never);
  closers.push(() => app.close());
  return app.browser();
}

describe.each([
  ["Express", onExpress],
  ["Koa", onKoa],
] as const)("a login that fails, and an application that goes on, on %s", (_framework, start) => {
  test.each(["by a promise", "at once"] as const)(
    "an id that was planted shows nobody, told %s",
    async (how) => {
      const backend = testBackend(how);
      const { principals } = createEngine({ backend });
      const browser = await start(backend);
      await browser.get("/fill");
      const planted = browser.fork();
      backend.failing.add("rename");
      expect((await browser.get("/login")).body).toBe("try again later");
      backend.failing.clear();
      expect([await principals.list("ada"), (await planted.get("/show")).body]).toEqual([[], "[null,[1]]"]);
      expect((await browser.get("/login")).body).toBe("welcome");
      expect(await principals.list("ada")).toHaveLength(1);
      expect((await browser.get("/show")).body).toBe('["ada",null]');
    },
  );

  test("a login whose session cannot be created leaves none of ada's", async () => {
    const backend = testBackend();
    const { principals } = createEngine({ backend });
    const browser = await start(backend);
    let creates = 0;
    backend.before = (verb) => {
      if (verb === "create") creates += 1;
      if (creates > 1) backend.failing.clear();
      return undefined;
    };
    backend.failing.add("create");
    expect((await browser.get("/login")).body).toBe("try again later");
    expect([creates, await principals.list("ada")]).toEqual([2, []]);
  });
});
