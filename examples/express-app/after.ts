import { RedisStore } from "@unstick/redis/express";
import express from "express";
import session from "express-session";
import { createClient } from "redis";
import { shop } from "./shop.ts";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" });
client.on("error", console.error);
await client.connect();

const app = express();
app.use(
  session({
    store: new RedisStore({ client, attributes: { visits: "counter" } }),
    secret: process.env.SESSION_SECRET ?? "change me",
    resave: false,
    saveUninitialized: false,
  }),
);
app.use(shop);
app.listen(Number(process.env.PORT ?? 3000));
