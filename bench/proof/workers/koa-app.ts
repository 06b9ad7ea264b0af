import type { RequestListener, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { redisBackend } from "@unstick/redis";
import { RedisStore } from "@unstick/redis/koa";
import { session as ourSession } from "@unstick/session/koa";
import Koa from "koa";
import koaSession from "koa-session";
import { type InstanceOptions, LIFETIME_MS, SECRET } from "../subjects.ts";
import { openIoredis, ourPolicy } from "./clients.ts";
import { answer, type Visit } from "./pages.ts";

/** It has no types. */
const koaRedis = createRequire(import.meta.url)("koa-redis") as (options: object) => object;

type KoaSession = Record<string, unknown> & {
  save(): Promise<void>;
  regenerate(): Promise<void>;
  /** Only our middleware's. */
  login(principal: string): Promise<void>;
  logout(): Promise<void>;
  maxAge: number;
};
interface Context {
  readonly path: string;
  readonly querystring: string;
  readonly res: ServerResponse;
  session: KoaSession | null;
  body: string;
  redirect(location: string): void;
}

export function koaApp(options: InstanceOptions): RequestListener {
  const app = new Koa();
  app.keys = [SECRET];
  // Conflicts are answers here, and counted by who asked.
  app.silent = true;
  app.use(sessionOf(options, app));
  app.use(async (context) => {
    const ctx = context as unknown as Context;
    const said = await answer(visitOf(ctx, options));
    if (typeof said === "string") ctx.body = said;
    else ctx.redirect(said.location);
  });
  return app.callback();
}

function sessionOf(options: InstanceOptions, app: Koa): Koa.Middleware {
  const { subject, redisUrl, prefix, rolling = false, graceMs = 0 } = options;
  const common = { maxAge: LIFETIME_MS, rolling };
  if (subject !== "koa session()")
    return koaSession({ ...common, ...storeOf(options) } as never, app as never);
  const { deadlineMs, attributes } = ourPolicy(options);
  const backend = redisBackend(openIoredis(redisUrl, options), { prefix, deadlineMs });
  return ourSession({ ...common, attributes, graceMs, backend }, app);
}

/** koa-redis takes no prefix of its own; koa-session then puts it before the id. */
function storeOf(options: InstanceOptions): { store: object; prefix: string } {
  const { subject, redisUrl, prefix, hasPrincipal = false } = options;
  const client = openIoredis(redisUrl, options);
  if (subject === "koa-redis") return { store: koaRedis({ client }), prefix };
  const principal = (session: { user?: string }): string | undefined => session.user;
  const store = new RedisStore({
    client,
    prefix,
    ...ourPolicy(options),
    ...(hasPrincipal && { principal }),
  });
  return { store, prefix: "" };
}

function visitOf(ctx: Context, { subject, hasPrincipal = false }: InstanceOptions): Visit {
  const isOurs = subject === "koa session()";
  const session = (): KoaSession => {
    if (ctx.session === null) throw new Error("the session was ended");
    return ctx.session;
  };
  const destroy = async (): Promise<void> => {
    ctx.session = null;
  };
  return {
    path: ctx.path,
    query: new URLSearchParams(ctx.querystring),
    session,
    destroy,
    save: () => session().save(),
    logout: () => (isOurs ? session().logout() : destroy()),
    regenerate: () => session().regenerate(),
    login: async (user) => {
      if (hasPrincipal && isOurs) await session().login(user);
      else session().user = user;
    },
    enter: (user) => (isOurs ? session().login(user) : session().regenerate()),
    setMaxAge: (ms) => {
      session().maxAge = ms;
    },
    tellBegun: () => ctx.res.writeProcessing(),
  };
}
