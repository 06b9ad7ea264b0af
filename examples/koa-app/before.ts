import { Redis } from "ioredis";
import Koa from "koa";
import redisStore from "koa-redis";
import session from "koa-session";
import { shop } from "./shop.ts";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");

const app = new Koa();
app.keys = [process.env.SESSION_SECRET ?? "change me"];
app.use(session({ store: redisStore({ client }) }, app));
app.use(shop);
app.listen(Number(process.env.PORT ?? 3000));
