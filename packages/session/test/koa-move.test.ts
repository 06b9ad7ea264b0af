import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend } from "@unstick/session";
import { KoaStore, session } from "@unstick/session/koa";
import Koa from "koa";
import koaSession from "koa-session";
import { afterEach, describe, expect, it } from "vitest";
import { Browser } from "./session-app.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Make = (app: Koa) => Koa.Middleware;

/** `/add?x` adds to the list of the session, `/` reads it, `/end` ends it. */
async function start(make: Make): Promise<number> {
  const app = new Koa();
  app.keys = ["keyboard cat"];
  app.silent = true;
  app.use(make(app));
  app.use((context) => {
    const ctx = context as unknown as Koa.Context & { session: { list?: string[] } | null };
    const list = ctx.session?.list ?? [];
    if (ctx.path === "/add" && ctx.session !== null) ctx.session.list = [...list, ctx.querystring];
    if (ctx.path === "/end") ctx.session = null;
    ctx.body = list;
  });
  const server = createServer(app.callback()).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
}

describe.each([
  ["a number", 60_000],
  ['"session"', "session"],
  ["the default", undefined],
] as const)("moving on Koa from the drop-in store to the drop-in middleware, maxAge %s", (_name, maxAge) => {
  it("leaves sessions open both ways: one cookie, one record, one end", async () => {
    const backend = memoryBackend();
    const given = maxAge === undefined ? {} : { maxAge };
    const before = await start(
      (app) => koaSession({ store: new KoaStore(backend), ...given } as never, app as never) as never,
    );
    const after = await start((app) => session({ backend, ...given }, app));
    const theirs = new Browser(before);
    await theirs.get("/add?a");
    const visit = async (port: number, path: string): Promise<string> => {
      const browser = new Browser(port);
      for (const [name, value] of theirs.jar) browser.jar.set(name, value);
      return (await browser.get(path)).body;
    };
    expect(await visit(after, "/")).toBe('["a"]');
    await visit(after, "/add?b");
    expect(await visit(before, "/")).toBe('["a","b"]');
    await visit(before, "/add?c");
    expect(await visit(after, "/")).toBe('["a","b","c"]');
    await visit(after, "/end");
    expect([await visit(before, "/"), await visit(after, "/")]).toEqual(["[]", "[]"]);
  });
});
