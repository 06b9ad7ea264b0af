import { session as koaSession } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, test } from "vitest";
import { type Browser, hosts, serve, startApp, type TestBackend, testBackend } from "./session-app.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const count = (held: { n?: unknown }): string => {
  held.n = Number(held.n ?? 0) + 1;
  return String(held.n);
};

async function onKoa(Application: typeof Koa, backend: TestBackend): Promise<Browser> {
  const app = new Application();
  app.keys = ["a secret of thirty-two bytes, no?"];
  app.silent = true;
  app.use(koaSession({ backend }, app));
  app.use((ctx) => {
    ctx.body = count((ctx as unknown as { session: { n?: number } }).session);
  });
  const { browser, close } = await serve(app.callback());
  closers.push(close);
  return browser();
}

const places: readonly [string, (backend: TestBackend) => Promise<Browser>][] = [
  ...hosts.map((host): [string, (backend: TestBackend) => Promise<Browser>] => [
    host,
    async (backend) => {
      const app = await startApp(
        { backend },
        { "/": (req, res) => void res.end(count(req.session as object)) },
        host,
      );
      closers.push(() => app.close());
      return app.browser();
    },
  ]),
  ["Koa 3", (backend) => onKoa(Koa, backend)],
  ["Koa 2", (backend) => onKoa(Koa2 as unknown as typeof Koa, backend)],
];

describe.each(places)("a backend that answers at once, on %s", (_place, start) => {
  test("a visit is one read and one write", async () => {
    const backend = testBackend("at once");
    const browser = await start(backend);
    const bodies = [(await browser.get("/")).body, (await browser.get("/")).body];
    expect([bodies, backend.calls]).toEqual([
      ["1", "2"],
      ["create", "read", "update"],
    ]);
  });

  test.each(["read", "update"] as const)(
    "and throws at %s: a 503 that sets no cookie, and the next visit goes on",
    async (verb) => {
      const backend = testBackend("at once");
      const browser = await start(backend);
      await browser.get("/");
      backend.failing.add(verb);
      const { status, headers } = await browser.get("/");
      expect([status, headers["set-cookie"]]).toEqual([503, undefined]);
      backend.failing.delete(verb);
      expect((await browser.get("/")).body).toBe("2");
    },
  );
});
