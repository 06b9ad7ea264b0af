import type { RequestListener, ServerResponse } from "node:http";
import { redisBackend } from "@unstick/redis";
import { RedisStore } from "@unstick/redis/express";
import { session as ourSession } from "@unstick/session/express";
import { RedisStore as ConnectRedis } from "connect-redis";
import express, { type RequestHandler } from "express";
import expressSession, { type SessionOptions } from "express-session";
import { type InstanceOptions, LIFETIME_MS, SECRET } from "../subjects.ts";
import { openIoredis, openNodeRedis, ourPolicy } from "./clients.ts";
import { answer, type Visit } from "./pages.ts";

type Attributes = Record<string, unknown>;
interface SessionMethods {
  cookie: { maxAge?: number | null | undefined };
  save(callback: (error?: unknown) => void): unknown;
  destroy(callback: (error?: unknown) => void): unknown;
  regenerate(callback: (error?: unknown) => void): unknown;
  /** Only our middleware's. */
  login(principal: string): Promise<void>;
  logout(): Promise<void>;
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
    const said = await answer(visitOf(request as unknown as Request, response, options));
    if (typeof said === "string") response.type("text/plain").send(said);
    else response.redirect(said.location);
  });
  return app;
}

async function sessionOf(options: InstanceOptions): Promise<RequestHandler> {
  const { rolling = false, subject, redisUrl, prefix, graceMs = 0 } = options;
  const cookie = { maxAge: LIFETIME_MS };
  const common = { secret: SECRET, resave: false, saveUninitialized: false, rolling, cookie };
  if (!isOurs(options)) return expressSession({ ...common, store: await storeOf(options) });
  const { deadlineMs, attributes } = ourPolicy(options);
  const backend = redisBackend(openIoredis(redisUrl, options), { prefix, deadlineMs });
  const grace = subject === "session() with grace" ? {} : { graceMs };
  return ourSession({ ...common, attributes, ...grace, backend });
}

async function storeOf(options: InstanceOptions): Promise<NonNullable<SessionOptions["store"]>> {
  const { redisUrl, prefix, hasPrincipal = false } = options;
  const client = await openNodeRedis(redisUrl, options);
  if (options.subject === "connect-redis") return new ConnectRedis({ client, prefix });
  return new RedisStore({ client, prefix, ...ourPolicy(options), ...(hasPrincipal && { principal: owner }) });
}

function isOurs({ subject }: InstanceOptions): boolean {
  return subject.startsWith("session()");
}

function visitOf(request: Request, response: ServerResponse, options: InstanceOptions): Visit {
  const { hasPrincipal = false } = options;
  const isOur = isOurs(options);
  const session = (): Attributes => request.session;
  const destroy = (): Promise<void> => called((done) => request.session.destroy(done));
  const regenerate = (): Promise<void> => called((done) => request.session.regenerate(done));
  return {
    path: request.path,
    query: new URLSearchParams(request.url.split("?")[1]),
    session,
    destroy,
    regenerate,
    save: () => called((done) => request.session.save(done)),
    logout: () => (isOur ? request.session.logout() : destroy()),
    login: async (user) => {
      if (hasPrincipal && isOur) await request.session.login(user);
      else request.session.user = user;
    },
    enter: (user) => (isOur ? request.session.login(user) : regenerate()),
    setMaxAge: (ms) => {
      request.session.cookie.maxAge = ms;
    },
    tellBegun: () => response.writeProcessing(),
  };
}

function called(start: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
