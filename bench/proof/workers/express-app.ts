import type { RequestListener } from "node:http";
import { redisBackend } from "@unstick/redis";
import { RedisStore } from "@unstick/redis/express";
import { session as ourSession } from "@unstick/session/express";
import { RedisStore as ConnectRedis } from "connect-redis";
import express, { type RequestHandler } from "express";
import expressSession, { type SessionOptions } from "express-session";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { type InstanceOptions, LIFETIME_MS, SECRET } from "../subjects.ts";
import { answer, type Visit } from "./pages.ts";

type Attributes = Record<string, unknown>;
interface SessionMethods {
  cookie: { maxAge?: number | null | undefined };
  destroy(callback: (error?: unknown) => void): unknown;
  regenerate(callback: (error?: unknown) => void): unknown;
  /** Only our middleware's. */
  login(principal: string): Promise<void>;
}
interface Request {
  readonly path: string;
  readonly url: string;
  readonly session: SessionMethods & Attributes;
}

const owner = (session: { user?: string }): string | undefined => session.user;

export async function expressApp(options: InstanceOptions): Promise<RequestListener> {
  const app = express();
  app.set("etag", false);
  // Conflicts are answers here, and counted by who asked: none is printed.
  app.set("env", "test");
  app.use(await sessionOf(options));
  app.get(/.*/, async (request, response) => {
    response.type("text/plain").send(await answer(visitOf(request as unknown as Request, options)));
  });
  return app;
}

async function sessionOf(options: InstanceOptions): Promise<RequestHandler> {
  const common = { secret: SECRET, resave: false, saveUninitialized: false, cookie: { maxAge: LIFETIME_MS } };
  if (options.subject === "session()") {
    const client = new Redis(options.redisUrl);
    const backend = redisBackend(client, { prefix: options.prefix, deadlineMs: 20_000 });
    // No grace: the figure is about old ids, and in a grace the session still reads as it was.
    const engine = { attributes: { count: "counter" as const }, graceMs: 0 };
    return ourSession({ ...common, ...engine, backend }) as unknown as RequestHandler;
  }
  return expressSession({ ...common, store: await storeOf(options) });
}

async function storeOf(options: InstanceOptions): Promise<NonNullable<SessionOptions["store"]>> {
  const { redisUrl, prefix, hasPrincipal = false } = options;
  const client = createClient({ url: redisUrl });
  client.on("error", console.error);
  await client.connect();
  if (options.subject === "connect-redis") return new ConnectRedis({ client, prefix });
  return new RedisStore({
    client,
    prefix,
    deadlineMs: 20_000,
    attributes: { count: "counter" },
    ...(hasPrincipal && { principal: owner }),
  });
}

function visitOf(request: Request, { hasPrincipal = false, subject }: InstanceOptions): Visit {
  const query = new URLSearchParams(request.url.split("?")[1]);
  const session = (): Attributes => request.session;
  return {
    path: request.path,
    query,
    session,
    destroy: () => called((done) => request.session.destroy(done)),
    regenerate: () => called((done) => request.session.regenerate(done)),
    login: async (user) => {
      if (hasPrincipal && subject === "session()") await request.session.login(user);
      else request.session.user = user;
    },
    setMaxAge: (ms) => {
      request.session.cookie.maxAge = ms;
    },
  };
}

function called(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
