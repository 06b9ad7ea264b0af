import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend } from "@unstick/session";
import { session as koaSession } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { Browser, hosts, startApp } from "./session-app.ts";

/** Somebody to ask, whose `/begin?<Cache-Control>` begins a session, `/login?…` renews and `/logout?…` ends it. */
type Start = () => Promise<{ browser(): Browser; close(): Promise<void> }>;

const starts: [name: string, start: Start][] = hosts.map((host) => [
  host,
  () => {
    const control = (url = ""): string => decodeURIComponent(url.split("?")[1] ?? "");
    return startApp(
      { rolling: true },
      {
        "/begin": (req, res) => {
          Object.assign(req.session, { user: "ann" });
          res.setHeader("Cache-Control", control(req.url));
          res.end("page");
        },
        "/logout": async (req, res) => {
          await req.session.logout();
          res.setHeader("Cache-Control", control(req.url));
          res.end("bye");
        },
      },
      host,
    );
  },
]);
for (const [major, Application] of [
  ["3", Koa],
  ["2", Koa2 as unknown as typeof Koa],
] as const) {
  starts.push([`Koa ${major}`, () => startKoa(Application)]);
}

async function startKoa(Application: typeof Koa): ReturnType<Start> {
  const app = new Application();
  app.keys = ["keyboard cat"];
  app.use(koaSession({ backend: memoryBackend(), rolling: true }, app));
  app.use(async (context) => {
    const ctx = context as unknown as Koa.Context & {
      session: { user?: string; logout(): Promise<void> };
    };
    if (ctx.path === "/begin") ctx.session.user = "ann";
    else await ctx.session.logout();
    ctx.set("Cache-Control", decodeURIComponent(ctx.querystring));
    ctx.body = "page";
  });
  const server = createServer(app.callback()).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    browser: () => new Browser((server.address() as AddressInfo).port),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const shared = ["public, max-age=60", "max-age=0, s-maxage=60", "PUBLIC", 'public, max-age="600"'];
const own = ["", "private, max-age=60", "no-store", "public, max-age=0", "max-age=60", "public, no-store"];

describe.each(starts)("caches and the session cookie on %s", (_name, start) => {
  let app: Awaited<ReturnType<Start>>;
  afterEach(() => app.close());

  it.each(shared)("a response that others may be answered with carries none (%s)", async (control) => {
    app = await start();
    const browser = app.browser();
    for (const path of ["/begin", "/begin", "/logout"]) {
      const { status, cookies, headers } = await browser.get(`${path}?${encodeURIComponent(control)}`);
      expect({ status, cookies: cookies.size }).toEqual({ status: 200, cookies: 0 });
      expect(headers["cache-control"]).toBe(control);
    }
    // One that has a cookie already keeps it from there, too.
    await browser.get("/begin?private");
    expect(browser.jar.size).toBeGreaterThan(0);
    expect((await browser.get(`/begin?${encodeURIComponent(control)}`)).cookies.size).toBe(0);
  });

  it.each(own)("any other carries it, and is kept from caches (%s)", async (control) => {
    app = await start();
    const browser = app.browser();
    for (const path of ["/begin", "/logout"]) {
      const { cookies, headers } = await browser.get(`${path}?${encodeURIComponent(control)}`);
      expect(cookies.size).toBeGreaterThan(0);
      expect(headers["cache-control"]).toMatch(/no-store|private/);
      expect(headers.vary).toMatch(/Cookie/i);
    }
  });
});
