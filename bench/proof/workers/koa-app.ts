import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import { RedisStore } from "@unstick/redis/koa";
import { Redis } from "ioredis";
import Koa from "koa";
import koaSession from "koa-session";
import { type InstanceOptions, LIFETIME_MS, SECRET } from "../subjects.ts";
import { answer, type Visit } from "./pages.ts";

/** It has no types. */
const koaRedis = createRequire(import.meta.url)("koa-redis") as (options: object) => object;

type KoaSession = Record<string, unknown> & { regenerate(): Promise<void>; maxAge: number };
interface Context {
  readonly path: string;
  readonly querystring: string;
  session: KoaSession | null;
  body: string;
}

export function koaApp(options: InstanceOptions): RequestListener {
  const app = new Koa();
  app.keys = [SECRET];
  // Conflicts are answers here, and counted by who asked.
  app.silent = true;
  const { store, prefix } = storeOf(options);
  app.use(koaSession({ store, prefix, maxAge: LIFETIME_MS } as never, app as never) as never);
  app.use(async (context) => {
    const ctx = context as unknown as Context;
    ctx.body = await answer(visitOf(ctx));
  });
  return app.callback();
}

/** koa-redis takes no prefix of its own; koa-session then puts it before the id. */
function storeOf({ subject, redisUrl, prefix, hasPrincipal = false }: InstanceOptions): {
  store: object;
  prefix: string;
} {
  const client = new Redis(redisUrl);
  if (subject === "koa-redis") return { store: koaRedis({ client }), prefix };
  const principal = (session: { user?: string }): string | undefined => session.user;
  const store = new RedisStore({
    client,
    prefix,
    deadlineMs: 20_000,
    attributes: { count: "counter" },
    ...(hasPrincipal && { principal }),
  });
  return { store, prefix: "" };
}

function visitOf(ctx: Context): Visit {
  const session = (): KoaSession => {
    if (ctx.session === null) throw new Error("the session was ended");
    return ctx.session;
  };
  return {
    path: ctx.path,
    query: new URLSearchParams(ctx.querystring),
    session,
    destroy: async () => {
      ctx.session = null;
    },
    regenerate: () => session().regenerate(),
    login: async (user) => {
      session().user = user;
    },
    setMaxAge: (ms) => {
      session().maxAge = ms;
    },
  };
}
