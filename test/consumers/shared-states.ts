import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbState } from "@unstick/lmdb";
import { redisState } from "@unstick/redis";
import type { SharedState } from "@unstick/session";
import { Redis } from "ioredis";

/** Login state on a file and on Redis: what was put is taken once. */
export async function smoke(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "unstick-consumer-state-"));
  const client = new Redis(process.env.REDIS_URL ?? "");
  await useState(lmdbState({ path: join(folder, "state") }));
  await useState(redisState(client));
  await client.quit();
  rmSync(folder, { recursive: true, force: true });
}

async function useState(state: SharedState): Promise<void> {
  const key = `consumer-${process.pid}-${process.hrtime.bigint()}`;
  assert.equal(await state.add(key, "value", 60_000), true);
  assert.equal((await state.take(key)).outcome, "taken");
  assert.equal(await state.get(key), null);
  await state.close?.();
}
