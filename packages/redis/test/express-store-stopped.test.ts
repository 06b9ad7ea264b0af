import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createBrowserClient, startRedis, waitUntil } from "@unstick/testbed";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { RedisStore } from "../src/express/index.ts";

const DEADLINE_MS = 300;
/** Generous: a server that does not answer would be waited for without end. */
const SLACK_MS = 5_000;

test("a Redis that does not answer is an error 503 within the deadline, with no cookie, until it answers again", async () => {
  const redis = await startRedis();
  const client = new Redis(redis.port, redis.host);
  client.on("error", () => {});
  const app = express();
  const store = new RedisStore({ client, deadlineMs: DEADLINE_MS });
  app.use(session({ store, secret: "test", resave: false, saveUninitialized: false }));
  app.get("/login", (req, res) => {
    Object.assign(req.session, { name: "ada" });
    res.send("in");
  });
  app.get("/me", (req, res) => void res.send((req.session as { name?: string }).name ?? "nobody"));
  app.use((error: { status?: number }, _req: Request, res: Response, _next: NextFunction) => {
    res.status(error.status ?? 500).send("failed");
  });
  const http = createServer(app);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const visitor = createBrowserClient();
  onTestFinished(async () => {
    visitor.close();
    http.close();
    client.disconnect();
    await redis.stop();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  await visitor.get(`${url}/login`);
  redis.pause();
  const began = performance.now();
  const failed = await visitor.get(`${url}/me`);
  expect(failed.status).toBe(503);
  expect(failed.headers["set-cookie"]).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(DEADLINE_MS + SLACK_MS);
  redis.resume();
  await waitUntil("the session is served again", async () => (await visitor.get(`${url}/me`)).body === "ada");
});
