import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { redisBackend } from "@unstick/redis";
import type { Backend } from "@unstick/session";
import { type Session, type SessionOptions, session } from "@unstick/session/express";
import { Redis } from "ioredis";
import type { Env } from "./env.ts";

type Visitor = Session & Record<string, unknown>;
export type Handler = (visitor: Visitor, res: ServerResponse, req: IncomingMessage) => unknown;

/** What a client saw: enough to tell a success and a session cookie. */
interface Seen {
  readonly status: number;
  readonly body: string;
  /** The cookie to send from now on; `undefined`: none was set. */
  readonly cookie: string | undefined;
}

export interface MiddlewareApp {
  readonly backend: Backend;
  ask(path: string, cookie?: string): Promise<Seen>;
  close(): Promise<void>;
}

/** `session()` before plain handlers, on Redis, in this process. */
export async function openMiddleware(
  env: Env,
  prefix: string,
  handlers: Readonly<Record<string, Handler>>,
  options: Partial<SessionOptions> & {
    readonly wrap?: (backend: Backend) => Backend;
    readonly url?: string;
  } = {},
): Promise<MiddlewareApp> {
  const { wrap = (backend: Backend) => backend, url = env.redis.url, ...rest } = options;
  const client = new Redis(url, { lazyConnect: true });
  client.on("error", () => undefined);
  await client.connect().catch(() => undefined);
  const backend = wrap(redisBackend(client, { prefix }));
  const middleware = session({ secret: "a secret of thirty-two bytes, no?", ...rest, backend });
  const server = createServer((req, res) => {
    const fail = (error: unknown): void => {
      res.statusCode = (error as { status?: number }).status ?? 500;
      res.end();
    };
    middleware(req, res, (error) => {
      if (error) return fail(error);
      const [path = "/"] = (req.url ?? "/").split("?");
      Promise.resolve(handlers[path]?.(middleware.of(req) as Visitor, res, req)).catch(fail);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const { port } = server.address() as AddressInfo;
  return {
    backend,
    ask: (path, cookie) => ask({ port, agent, path, headers: cookie === undefined ? {} : { cookie } }),
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      client.disconnect();
    },
  };
}

async function ask(options: object): Promise<Seen> {
  const req = request({ host: "127.0.0.1", ...options }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  const body = (await res.setEncoding("utf8").toArray()).join("");
  const [field] = res.headers["set-cookie"] ?? [];
  const cookie =
    field === undefined || field.includes("Expires=Thu, 01 Jan 1970") ? undefined : field.split(";", 1)[0];
  return { status: res.statusCode ?? 0, body, cookie };
}

/** Play `count` tries, at most `atOnce` at a time; answers how many were faulty. */
export async function play(
  count: number,
  atOnce: number,
  isFaulty: (index: number) => Promise<boolean>,
): Promise<number> {
  let next = 0;
  let faults = 0;
  const runner = async (): Promise<void> => {
    while (next < count) if (await isFaulty(next++)) faults += 1;
  };
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, runner));
  return faults;
}
