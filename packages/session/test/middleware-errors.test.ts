import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend } from "@unstick/session";
import { type SessionOptions, session } from "@unstick/session/express";
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express";
import express4 from "express4";
import { afterEach, describe, expect, it } from "vitest";
import { Browser } from "./session-app.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Visits = ReturnType<typeof session<{ views: number }>>;

/** Every handler writes, and fails in its own way. */
function failures(visits: Visits): Readonly<Record<string, RequestHandler>> {
  const write = (req: Parameters<RequestHandler>[0]): void =>
    void Object.assign(visits.of(req), { views: 99 });
  return {
    "/throws": (req) => {
      write(req);
      throw new Error("handler");
    },
    "/rejects": async (req) => {
      write(req);
      await Promise.resolve();
      throw new Error("handler");
    },
    "/hands-on": (req, _res, next) => {
      write(req);
      next(new Error("handler"));
    },
    "/refuses": (req) => {
      write(req);
      throw Object.assign(new Error("who are you?"), { status: 401 });
    },
    "/breaks": (req) => {
      write(req);
      throw Object.assign(new Error("elsewhere"), { status: 502 });
    },
  };
}

const rendered: ErrorRequestHandler = (_error, _req, res, _next) => void res.status(200).send("sorry");

interface Setting {
  readonly options?: Partial<SessionOptions>;
  /** `onError` is mounted before the application's own handler. */
  readonly isTold?: boolean;
  readonly handler?: ErrorRequestHandler;
}

async function start(create: () => Express, { options, isTold, handler }: Setting): Promise<Browser> {
  const visits: Visits = session({ secret: "keyboard cat", backend: memoryBackend(), ...options });
  const app = create();
  app.set("env", "test");
  app.use(visits);
  app.get("/count", (req, res) => {
    const held = visits.of(req);
    held.views = (held.views ?? 0) + 1;
    res.send(String(held.views));
  });
  // In a router of its own, as applications have them.
  const router = express.Router();
  for (const [path, handle] of Object.entries(failures(visits))) router.get(path, handle);
  app.use(create === express4 ? expressFourRouter(visits) : router);
  if (isTold) app.use(visits.onError);
  if (handler !== undefined) app.use(handler);
  const server = createServer(app as unknown as RequestListener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return new Browser((server.address() as AddressInfo).port);
}

function expressFourRouter(visits: Visits): express.Router {
  const router = express4.Router();
  for (const [path, handle] of Object.entries(failures(visits))) {
    if (path !== "/rejects") router.get(path, handle);
  }
  return router;
}

describe.each([
  ["5", express],
  ["4", express4 as typeof express],
] as const)("a handler that fails on Express %s", (major, create) => {
  const plain = ["/throws", "/hands-on", "/breaks", ...(major === "5" ? ["/rejects"] : [])];

  /** What of 99 views is there afterwards: the next one is counted. */
  async function viewsAfter(path: string, setting: Setting): Promise<{ status: number; views: string }> {
    const browser = await start(create, setting);
    await browser.get("/count");
    const { status } = await browser.get(path);
    return { status, views: (await browser.get("/count")).body };
  }

  it.each(plain)(
    "saves nothing where the answer says so, with a status of 500 and above (%s)",
    async (path) => {
      const status = path === "/breaks" ? 502 : 500;
      expect(await viewsAfter(path, {})).toEqual({ status, views: "2" });
      expect(await viewsAfter(path, { isTold: true })).toEqual({ status, views: "2" });
    },
  );

  it.each(plain)("saves nothing whatever the answer says, with onError (%s)", async (path) => {
    expect(await viewsAfter(path, { isTold: true, handler: rendered })).toEqual({ status: 200, views: "2" });
  });

  it.each(plain)("gives a newcomer no cookie (%s)", async (path) => {
    for (const setting of [{}, { isTold: true }, { isTold: true, handler: rendered }]) {
      const browser = await start(create, setting);
      expect((await browser.get(path)).cookies.size).toBe(0);
    }
  });

  it("cannot be seen without onError, where a handler of the application answers 200", async () => {
    expect(await viewsAfter("/throws", { handler: rendered })).toEqual({ status: 200, views: "100" });
  });

  it("is an answer if its status is below 500, as on Koa: it is saved", async () => {
    expect(await viewsAfter("/refuses", {})).toEqual({ status: 401, views: "100" });
    expect(await viewsAfter("/refuses", { isTold: true })).toEqual({ status: 401, views: "100" });
  });

  it("saves what it wrote when that was asked for", async () => {
    for (const setting of [{}, { isTold: true }, { isTold: true, handler: rendered }]) {
      expect((await viewsAfter("/throws", { ...setting, options: { saveOnError: true } })).views).toBe("100");
    }
  });
});

it("onError lets the error pass where no session was begun", async () => {
  const visits = session({ secret: "keyboard cat", backend: memoryBackend(), skip: () => true });
  const errors: unknown[] = [];
  visits.onError("an error", {} as never, {} as never, (error) => errors.push(error));
  expect(errors).toEqual(["an error"]);
});
