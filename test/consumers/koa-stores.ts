import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbStore } from "@unstick/lmdb/koa";
import { RedisStore } from "@unstick/redis/koa";
import { MemoryStore } from "@unstick/session/koa";
import { Redis } from "ioredis";

/** Each store can be made, and offers koa-session what it asks for. */
export async function smoke(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "unstick-consumer-store-"));
  const client = new Redis(process.env.REDIS_URL ?? "");
  const lmdb = new LmdbStore({ path: join(folder, "sessions") });
  for (const store of [new MemoryStore(), lmdb, new RedisStore({ client })]) {
    for (const verb of ["get", "set", "destroy"] as const) assert.equal(typeof store[verb], "function");
  }
  await client.quit();
  rmSync(folder, { recursive: true, force: true });
}
