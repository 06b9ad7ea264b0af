import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http, { IncomingMessage, type RequestListener, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { countShapes } from "@unstick/testbed/shapes";
import express5 from "express";
import expressSession from "express-session";
import express4 from "express4";
import { afterEach, describe, expect, test } from "vitest";
import { session } from "../src/express/index.ts";
import { memoryBackend } from "../src/index.ts";

const secret = "a secret of thirty-two bytes, no?";
const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sessions(): ReturnType<typeof session> {
  return session({ secret, backend: memoryBackend() });
}

/** Another copy of Express, as a dependency brings it along: its prototypes are known to nobody yet. */
function copyOf(name: "express" | "express4"): typeof express5 {
  const require = createRequire(import.meta.url);
  const main = require.resolve(name);
  const folder = main.slice(0, -"index.js".length);
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
  return require(main) as typeof express5;
}

function count(request: unknown): number {
  const { session } = request as { session: { n?: number } };
  session.n = (session.n ?? 0) + 1;
  return session.n;
}

async function visit(url: string, cookie = ""): Promise<{ text: string; cookie: string }> {
  const response = await fetch(url, { headers: { cookie } });
  const set = response.headers.getSetCookie()[0]?.split(";", 1)[0];
  return { text: await response.text(), cookie: set ?? cookie };
}

describe.each([
  ["Express 4", express4 as unknown as typeof express5],
  ["Express 5", express5],
] as const)("%s", (_name, express) => {
  test("Node's prototypes are left alone", async () => {
    const prototypes = [ServerResponse.prototype, IncomingMessage.prototype];
    const before = prototypes.map((prototype) => Reflect.ownKeys(prototype));
    const app = express();
    app.use(sessions());
    app.get("/", (request, response) => void response.send(String(count(request))));
    expect((await visit(await serve(app))).text).toBe("1");
    expect(prototypes.map((prototype) => Reflect.ownKeys(prototype))).toEqual(before);
  });

  test("whoever prints a request prints no secret, and asks for no store", async () => {
    const key = randomBytes(32).toString("base64url");
    const app = express();
    app.use(session({ secret, backend: memoryBackend(), encryption: { keys: { one: key }, active: "one" } }));
    let printed = "";
    app.get("/", (request, response) => {
      count(request);
      printed = inspect([request, response], { depth: 12 });
      response.end();
    });
    await visit(await serve(app));
    expect(printed).toContain("sessionStore: [Getter/Setter]");
    expect([printed.includes(secret), printed.includes(key)]).toEqual([false, false]);
  });

  test("requests have one shape behind a session, and so have responses: two, where memory was cleared meanwhile", async () => {
    const app = express();
    const requests: http.IncomingMessage[] = [];
    const responses: http.ServerResponse[] = [];
    app.use(sessions());
    app.get("/", (request, response) => {
      requests.push(request);
      responses.push(response);
      if (responses.length === 8) for (const each of responses) each.end();
    });
    const url = await serve(app);
    await Promise.all(Array.from({ length: 8 }, () => visit(url)));
    for (const shapes of [requests, responses].map(countShapes)) expect(shapes).toBeLessThanOrEqual(2);
  });

  test.each(["express", "express4"] as const)(
    "the session goes along into a handler of another copy of %s",
    async (name) => {
      const app = express();
      const inner = copyOf(name)();
      inner.get("/set", (request, response) => void response.send(String(count(request))));
      inner.get("/deep", (request, response) => {
        const { list } = (request as unknown as { session: { list: number[] } }).session;
        response.send(String(list.push(1)));
      });
      app.use(sessions());
      app.use((request, response, next) => {
        const { session } = request as unknown as { session: { list?: number[] } };
        if (request.path === "/deep") session.list ??= [];
        inner(request, response, next);
      });
      const url = await serve(app);
      const deep = await visit(`${url}/deep`);
      expect(deep.text).toBe("1");
      expect((await visit(`${url}/deep`, deep.cookie)).text).toBe("2");
      const first = await visit(`${url}/set`);
      expect((await visit(`${url}/set`, first.cookie)).text).toBe("2");
    },
  );

  test.each([false, true])("the same with a store (answered late: %s)", async (isLate) => {
    const app = express();
    const other = copyOf("express")();
    other.get("/", (request, response) => {
      const text = String(count(request));
      if (isLate) setImmediate(() => response.send(text));
      else response.send(text);
    });
    app.use(session({ secret, store: new expressSession.MemoryStore() as never }));
    app.use((request, response, next) => other(request, response, next));
    const url = await serve(app);
    const first = await visit(url);
    expect((await visit(url, first.cookie)).text).toBe("2");
  });

  test("a response that nobody holds is Node's", async () => {
    const held = express();
    held.use(sessions(), (request, response) => void response.send(String(count(request))));
    const free = express();
    free.get("/", (_request, response) => {
      const before = response.headersSent;
      response.setHeader("x-one", "1");
      response.removeHeader("x-one");
      response.appendHeader("x-two", "2");
      response.writeHead(201, { "x-three": "3" });
      response.write("a");
      response.end(`${before} ${response.headersSent} ${response.writableEnded}`);
    });
    await visit(await serve(held));
    const response = await fetch(await serve(free));
    expect(response.status).toBe(201);
    expect([..."one two three".split(" ")].map((name) => response.headers.get(`x-${name}`))).toEqual([
      null,
      "2",
      "3",
    ]);
    expect(await response.text()).toBe("afalse true false");
  });

  test("the hold of a mounted app lasts when its parent answers", async () => {
    const inner = express();
    inner.use(sessions());
    inner.use((request, _response, next) => {
      count(request);
      next();
    });
    const outer = express();
    outer.use(inner);
    outer.get("/", (request, response) => void response.send(String(count(request))));
    const url = await serve(outer);
    const first = await visit(url);
    expect(first.text).toBe("2");
    expect((await visit(url, first.cookie)).text).toBe("4");
  });

  test("who wrapped the response first is called last: it sees what the session added", async () => {
    const app = express();
    const seen: string[] = [];
    app.use((_request, response, next) => {
      const { end } = response;
      response.end = ((...args: never[]) => {
        seen.push(String(response.getHeader("Set-Cookie") !== undefined));
        return Reflect.apply(end, response, args) as unknown;
      }) as never;
      next();
    });
    app.use(sessions());
    app.get("/", (request, response) => void response.send(String(count(request))));
    await visit(await serve(app));
    expect(seen).toEqual(["true"]);
  });

  test("sessionID and sessionStore are there, may be set, and are nobody's where there is no session", async () => {
    const app = express();
    app.use("/in", sessions(), (request, response) => {
      const { sessionID, sessionStore, session } = request as unknown as Record<string, unknown>;
      const { id } = session as { id: string };
      Object.assign(request, { sessionID: 7 });
      response.send(`${sessionID === id} ${typeof sessionStore} ${Reflect.get(request, "sessionID")}`);
    });
    app.use("/out", (request, response) => {
      const before = Reflect.get(request, "sessionID") as unknown;
      Object.assign(request, { sessionID: "theirs", sessionStore: "their store" });
      const { sessionID, sessionStore } = request as unknown as Record<string, unknown>;
      response.send(`${before} ${sessionID} ${sessionStore} ${Object.hasOwn(request, "sessionID")}`);
    });
    const url = await serve(app);
    expect((await visit(`${url}/in`)).text).toBe("true object 7");
    expect((await visit(`${url}/out`)).text).toBe("undefined theirs their store true");
  });

  test("deleting req.session ends nothing but is seen", async () => {
    const app = express();
    app.use(sessions());
    app.get("/", (request, response) => {
      count(request);
      delete (request as { session?: unknown }).session;
      response.send(typeof (request as { session?: unknown }).session);
    });
    const first = await visit(await serve(app));
    expect(first).toEqual({ text: "undefined", cookie: "" });
  });
});

test("a head that is let go at once passes no gate of ours any more, and whoever stands before the gate stays there", async () => {
  const after: unknown[] = [];
  const written: number[] = [];
  const url = await serve((request, response) => {
    const isWrapped = request.url === "/wrapped";
    sessions()(request, response, () => {
      const gate = response.writeHead;
      const wrapper = function (this: ServerResponse, ...head: unknown[]): ServerResponse {
        written.push(head[0] as number);
        return Reflect.apply(gate, this, head) as ServerResponse;
      };
      if (isWrapped) response.writeHead = wrapper as typeof gate;
      response.end("through");
      after.push(response.writeHead === (isWrapped ? wrapper : ServerResponse.prototype.writeHead));
    });
  });
  expect((await visit(`${url}/`)).text).toBe("through");
  expect((await visit(`${url}/wrapped`)).text).toBe("through");
  expect([after, written]).toEqual([[true, true], [200]]);
});
