import type { RequestListener } from "node:http";
import { RedisStore } from "@unstick/redis/express";
import { RedisStore as ConnectRedis } from "connect-redis";
import express, { type Request } from "express";
import expressSession, { type Store } from "express-session";
import { createClient } from "redis";
import type { ExpressSubject } from "./instance.ts";
import { type Attributes, answer, type Visit } from "./pages.ts";

/** express-session on connect-redis, or on our store in one step of the move. */
export async function expressApp(subject: ExpressSubject, redisUrl: string): Promise<RequestListener> {
  const client = createClient({ url: redisUrl });
  client.on("error", console.error);
  await client.connect();
  const store: Store =
    subject === "connect-redis"
      ? new ConnectRedis({ client })
      : new RedisStore({ client, legacy: subject, deadlineMs: 10_000 });
  const app = express();
  app.set("etag", false);
  app.use(
    expressSession({
      store,
      secret: "rolling",
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: 600_000 },
    }),
  );
  app.get(/.*/, async (request, response) => {
    response.set("x-instance", subject).send(await answer(request.path, () => visitOf(request)));
  });
  return app;
}

function visitOf(request: Request): Visit {
  return {
    query: new URLSearchParams(request.url.split("?")[1]),
    session: request.session as unknown as Attributes,
    end: () =>
      new Promise((resolve, reject) =>
        request.session.destroy((error) => (error ? reject(error) : resolve())),
      ),
  };
}
