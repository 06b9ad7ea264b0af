import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbStore } from "@unstick/lmdb/express";
import { RedisStore } from "@unstick/redis/express";
import { MemoryStore } from "@unstick/session/express";
import express from "express";
import session, { type Store } from "express-session";
import { Redis } from "ioredis";
import { fetchOnce } from "./fetch-once.ts";

/** Each store under the real express-session: a changed session is stored before the answer, and its cookie set. */
export async function smoke(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "unstick-consumer-store-"));
  const client = new Redis(process.env.REDIS_URL ?? "");
  const lmdb = new LmdbStore({ path: join(folder, "sessions") });
  for (const store of [new MemoryStore(), lmdb, new RedisStore({ client })]) await useStore(store);
  await client.quit();
  rmSync(folder, { recursive: true, force: true });
}

async function useStore(store: Store): Promise<void> {
  const app = express();
  app.use(session({ store, secret: "sixteen bytes or more", resave: false, saveUninitialized: false }));
  app.get("/", (request, response) => {
    Object.assign(request.session, { cart: [1] });
    response.send("stored");
  });
  const answer = await fetchOnce(app);
  assert.equal(answer.body, "stored");
  assert.match(answer.setCookie, /^connect\.sid=/);
}
