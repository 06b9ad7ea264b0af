import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type Session, type SessionOptions, session } from "@unstick/session/express";
import expressSession from "express-session";
import { afterEach, describe, expect, it } from "vitest";
import { Browser, testBackend } from "./session-app.ts";

type Held = IncomingMessage & { session?: Session & { n?: number }; sessionID?: string };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** All that Engine.IO 6 gives the middleware of `io.engine.use()` as the response to an upgrade. */
class UpgradeResponse {
  readonly fields = new Map<string, unknown>();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  setHeader(name: string, value: unknown): void {
    this.fields.set(name, value);
  }
  getHeader(name: string): unknown {
    return this.fields.get(name);
  }
  removeHeader(name: string): void {
    this.fields.delete(name);
  }
  write(): void {}
  writeHead(): void {}
  end(): void {
    this.#socket.destroy();
  }
}

/** Counts in the session of a request that was upgraded, as an application does with each message. */
async function countIn(held: Held): Promise<number> {
  await held.session?.reload();
  const { session: fresh } = held;
  if (fresh === undefined) throw new Error("no session");
  fresh.n = (fresh.n ?? 0) + 1;
  await fresh.save();
  return fresh.n;
}

type Responder = (socket: Socket) => object;

/** What middleware is given as the response: by Engine.IO, and in the examples of `ws` and of older Socket.IO. */
const responders: readonly (readonly [string, Responder])[] = [
  ["Engine.IO's", (socket) => new UpgradeResponse(socket)],
  ["an empty object", () => ({})],
];

async function serve(options: Partial<SessionOptions>, respond: Responder): Promise<number> {
  const visits = session({ secret: "keyboard cat", ...options });
  const server = createServer((req: Held, res) =>
    visits(req, res, () => {
      if (req.url === "/set" && req.session !== undefined) req.session.n = 0;
      res.end(String(req.session?.n));
    }),
  );
  server.on("upgrade", (req: Held, socket: Socket) => {
    const res = respond(socket);
    visits(req, res as ServerResponse, (error) => {
      if (error) return void socket.destroy(error as Error);
      if (res instanceof UpgradeResponse) res.writeHead();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: count\r\n\r\n`);
      socket.on("data", () =>
        countIn(req).then(
          (n) => socket.write(`${n} ${req.sessionID === req.session?.id}`),
          (failure: unknown) => socket.write(String(failure)),
        ),
      );
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function upgrade(port: number, cookie: string): Promise<Socket> {
  const headers = { connection: "upgrade", upgrade: "count", cookie };
  const asked = request({ port, host: "127.0.0.1", headers }).end();
  const [, socket] = (await once(asked, "upgrade")) as [IncomingMessage, Socket];
  closers.push(() => socket.destroy());
  return socket;
}

async function say(socket: Socket): Promise<string> {
  socket.write("count");
  return String((await once(socket, "data"))[0]);
}

describe.each<[string, () => Partial<SessionOptions>]>([
  ["a backend", () => ({ backend: testBackend() })],
  ["a backend, one after another", () => ({ backend: testBackend(), serialize: () => true })],
  ["somebody's store", () => ({ store: new expressSession.MemoryStore() as never })],
])("a connection that was upgraded, its session in %s", (_where, options) => {
  it.each(responders)("has its session, and stores it when it is told to (%s)", async (_what, respond) => {
    const port = await serve(options(), respond);
    const browser = new Browser(port);
    await browser.get("/set");
    const socket = await upgrade(port, browser.cookie ?? "");
    expect([await say(socket), await say(socket)]).toEqual(["1 true", "2 true"]);
    expect((await browser.get("/")).body).toBe("2");
    expect(await say(socket)).toBe("3 true");
  });
});
