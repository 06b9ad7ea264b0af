import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { session } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import express from "express";
import express4 from "express4";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { type TestBackend, testBackend } from "./session-app.ts";

const file = fileURLToPath(import.meta.url);

type Answering = (res: ServerResponse) => unknown;

/** What every stack can do: Node's own response is there in each of them. */
const rawWays: Readonly<Record<string, Answering>> = {
  end: (res) => res.end("x"),
  writeHead: (res) => res.writeHead(201, { "x-a": "1" }).end("x"),
  write: (res) => {
    res.write("a");
    setImmediate(() => res.end("b"));
  },
  flushHeaders: (res) => {
    res.flushHeaders();
    setImmediate(() => res.end("late"));
  },
  pipe: (res) => Readable.from(["a", "b"]).pipe(res),
  redirect: (res) => res.writeHead(302, { location: "/next" }).end(),
  "204": (res) => res.writeHead(204).end(),
  "304": (res) => res.writeHead(304, { etag: '"a"' }).end(),
  "early hints (103), then an answer": (res) => {
    res.writeEarlyHints({ link: "</a.css>; rel=preload; as=style" });
    res.end("x");
  },
  "server-sent events": (res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: 1\n\n");
    setTimeout(() => res.end("data: 2\n\n"), 5);
  },
};

const expressWays: Readonly<Record<string, (res: express.Response) => unknown>> = {
  send: (res) => res.send("x"),
  json: (res) => res.status(201).json({ a: 1 }),
  redirect: (res) => res.redirect("/next"),
  render: (res) => {
    res.app.engine("ts", (_path, _options, done) => done(null, "rendered"));
    res.app.set("views", fileURLToPath(new URL(".", import.meta.url)));
    res.render("middleware-ways.test.ts");
  },
  sendFile: (res) => res.sendFile(file),
  sendStatus: (res) => res.sendStatus(204),
};

const koaWays: Readonly<Record<string, (ctx: Koa.Context) => unknown>> = {
  text: (ctx) => {
    ctx.body = "x";
  },
  json: (ctx) => {
    ctx.body = { a: 1 };
  },
  redirect: (ctx) => ctx.redirect("/next"),
  stream: (ctx) => {
    ctx.body = Readable.from(["a", "b"]);
  },
  "204": (ctx) => {
    ctx.status = 204;
  },
  "304": (ctx) => {
    ctx.status = 304;
  },
};

interface Seen {
  readonly status: number;
  readonly isCookieGiven: boolean;
  readonly body: string;
}

/** A stack with our middleware, whose handler writes into the session and then answers in one way. */
interface Stack {
  readonly ways: readonly string[];
  serve(way: string, backend: TestBackend): Server;
  ask(port: number, method: string): Promise<Seen>;
}

function expressStack(create: typeof express): Stack {
  return {
    ways: [...Object.keys(rawWays), ...Object.keys(expressWays).map((name) => `res.${name}`)],
    serve: (way, backend) => {
      const app = create();
      app.set("env", "test");
      const visits = session({ backend, secret: "x" });
      app.use(visits);
      app.use((req, res) => {
        Object.assign(visits.of(req), { user: "ann" });
        const answer = way.startsWith("res.") ? expressWays[way.slice(4)] : rawWays[way];
        (answer as (res: express.Response) => unknown)(res);
      });
      return createServer(app as never).listen(0, "127.0.0.1");
    },
    ask,
  };
}

function koaStack(Application: typeof Koa): Stack {
  return {
    ways: [...Object.keys(rawWays), ...Object.keys(koaWays).map((name) => `ctx: ${name}`)],
    serve: (way, backend) => {
      const app = new Application();
      app.keys = ["x"];
      app.silent = true;
      app.use(koaSession({ backend }, app));
      app.use((context) => {
        const ctx = context as unknown as Koa.Context & { session: { user?: string } };
        ctx.session.user = "ann";
        if (way.startsWith("ctx: ")) return void koaWays[way.slice(5)]?.(ctx);
        ctx.respond = false;
        // Koa begins with 404.
        ctx.res.statusCode = 200;
        rawWays[way]?.(ctx.res);
      });
      return createServer(app.callback()).listen(0, "127.0.0.1");
    },
    ask,
  };
}

function nodeListener(way: string, backend: TestBackend): (req: never, res: never) => void {
  const visits = session({ backend, secret: "x" });
  return (req: IncomingMessage, res: ServerResponse) =>
    visits(req, res, (error) => {
      if (error) {
        res.statusCode = (error as { status: number }).status;
        return void res.end();
      }
      Object.assign(visits.of(req), { user: "ann" });
      rawWays[way]?.(res);
    });
}

const stacks: Readonly<Record<string, Stack>> = {
  "Express 5": expressStack(express),
  "Express 4": expressStack(express4 as typeof express),
  "Koa 3": koaStack(Koa),
  "Koa 2": koaStack(Koa2 as unknown as typeof Koa),
  "node:http": {
    ways: Object.keys(rawWays),
    serve: (way, backend) => createServer(nodeListener(way, backend) as never).listen(0, "127.0.0.1"),
    ask,
  },
  "HTTP/2 compat": {
    ways: Object.keys(rawWays),
    serve: (way, backend) => createHttp2Server(nodeListener(way, backend) as never).listen(0, "127.0.0.1"),
    ask: askHttp2,
  },
};

async function ask(port: number, method: string): Promise<Seen> {
  const asked = request({ port, host: "127.0.0.1", agent: false, method }).end();
  const [res] = (await once(asked, "response")) as [IncomingMessage];
  const body = (await res.setEncoding("utf8").toArray()).join("");
  return { status: res.statusCode ?? 0, isCookieGiven: res.headers["set-cookie"] !== undefined, body };
}

async function askHttp2(port: number, method: string): Promise<Seen> {
  const client = connect(`http://127.0.0.1:${port}`);
  const stream = client.request({ ":path": "/", ":method": method });
  const [fields] = (await once(stream, "response")) as [Record<string, unknown>];
  let body = "";
  for await (const chunk of stream.setEncoding("utf8")) body += chunk;
  client.close();
  return { status: Number(fields[":status"]), isCookieGiven: fields["set-cookie"] !== undefined, body };
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(stack: Stack, way: string, backend: TestBackend): Promise<number> {
  const server = stack.serve(way, backend);
  await once(server, "listening");
  closers.push(() => {
    if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe.each(Object.entries(stacks))("%s", (_name, stack) => {
  describe.each(stack.ways)("%s", (way) => {
    it.each(["GET", "HEAD"])("leaves with its cookie when the session is stored (%s)", async (method) => {
      const backend = testBackend();
      let isStored = false;
      backend.before = async (verb) => {
        if (verb !== "create") return;
        await new Promise((resolve) => setTimeout(resolve, 10));
        isStored = true;
      };
      const port = await listening(stack, way, backend);
      const { status, isCookieGiven } = await stack.ask(port, method);
      expect({ isStored, isCookieGiven, isSuccess: status < 400 }).toEqual({
        isStored: true,
        isCookieGiven: true,
        isSuccess: true,
      });
    });

    it.each(["by a promise", "at once"] as const)("leaves with its cookie, stored %s", async (how) => {
      const backend = testBackend(how);
      const { status, isCookieGiven } = await stack.ask(await listening(stack, way, backend), "GET");
      const outcome = { isSuccess: status < 400, isCookieGiven, sessions: await count(backend) };
      expect(outcome).toEqual({ isSuccess: true, isCookieGiven: true, sessions: 1 });
    });

    it.each(["by a promise", "at once"] as const)(
      "is a 503 without a cookie when it cannot be stored, told %s",
      async (how) => {
        const backend = testBackend(how);
        backend.failing.add("create");
        const { status, isCookieGiven, body } = await stack.ask(await listening(stack, way, backend), "GET");
        expect({ status, isCookieGiven }).toEqual({ status: 503, isCookieGiven: false });
        expect(body).not.toContain("data:");
      },
    );
  });

  it("stores what a client that went away had written, and serves the next", async () => {
    const backend = testBackend();
    let create = (): void => undefined;
    const created = new Promise<void>((resolve) => {
      create = resolve;
    });
    backend.before = async (verb) => {
      if (verb === "create") create();
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const port = await listening(stack, "end", backend);
    if (stack.ask === ask) {
      const aborted = request({ port, host: "127.0.0.1", agent: false }).on("error", () => undefined);
      aborted.end();
      await created;
      aborted.destroy();
    } else {
      const client = connect(`http://127.0.0.1:${port}`);
      client.request({ ":path": "/" }).on("error", () => undefined);
      await created;
      client.destroy();
    }
    await expect.poll(() => count(backend)).toBe(1);
    expect((await stack.ask(port, "GET")).isCookieGiven).toBe(true);
  });
});

async function count(backend: TestBackend): Promise<number> {
  let sessions = 0;
  for await (const _key of backend.sessionKeys()) sessions += 1;
  return sessions;
}
