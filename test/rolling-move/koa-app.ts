import type { RequestListener } from "node:http";
import { RedisStore } from "@unstick/redis/koa";
import { Redis } from "ioredis";
import Koa from "koa";
import koaRedis from "koa-redis";
import koaSession from "koa-session";
import type { KoaSubject } from "./instance.ts";
import { type Attributes, answer } from "./pages.ts";

/** koa-session on koa-redis, or on our store in one step of the move. */
export function koaApp(subject: KoaSubject, redisUrl: string): RequestListener {
  const client = new Redis(redisUrl);
  const legacy = subject === "koa, adopt" ? "adopt" : "off";
  const store =
    subject === "koa-redis" ? koaRedis({ client }) : new RedisStore({ client, legacy, deadlineMs: 10_000 });
  const app = new Koa();
  app.keys = ["rolling"];
  app.use(koaSession({ store, maxAge: 600_000 } as never, app as never) as never);
  app.use(async (ctx) => {
    const context = ctx as unknown as { session: Attributes | null };
    ctx.set("x-instance", subject);
    ctx.body = await answer(ctx.path, () => ({
      path: ctx.path,
      query: new URLSearchParams(ctx.querystring),
      session: context.session ?? {},
      end: async () => {
        context.session = null;
      },
    }));
  });
  return app.callback();
}
