import { redisBackend } from "@unstick/redis";
import { session } from "@unstick/session/express";
import express from "express";
import { createClient } from "redis";
import { shop } from "./shop.ts";

const client = createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" });
client.on("error", console.error);
await client.connect();

const app = express();
app.use(
  session({
    backend: redisBackend(client),
    secret: process.env.SESSION_SECRET ?? "change me",
    attributes: { visits: "counter" },
  }),
);
app.use(shop);
app.listen(Number(process.env.PORT ?? 3000));
