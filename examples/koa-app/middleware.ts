import { redisBackend } from "@unstick/redis";
import { session } from "@unstick/session/koa";
import { Redis } from "ioredis";
import Koa from "koa";
import { shop } from "./shop.ts";

const client = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379");

const app = new Koa();
app.keys = [process.env.SESSION_SECRET ?? "change me"];
app.use(session({ backend: redisBackend(client), attributes: { visits: "counter" } }, app));
app.use(shop);
app.listen(Number(process.env.PORT ?? 3000));
