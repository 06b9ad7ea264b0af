import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbStore } from "@unstick/lmdb/express";
import { LmdbStore as KoaLmdbStore } from "@unstick/lmdb/koa";
import { RedisStore } from "@unstick/redis/express";
import { RedisStore as KoaRedisStore } from "@unstick/redis/koa";
import { MemoryStore, type SessionStore } from "@unstick/session/express";
import { MemoryStore as KoaMemoryStore, type KoaStore } from "@unstick/session/koa";
import { Redis } from "ioredis";

/** What a peer's tests get in place of the store they bring. Chosen by the environment that peer-suites.ts sets. */
const { UNSTICK_PEER_BACKEND: backend, UNSTICK_PEER_REDIS: redisUrl } = process.env;

/** The peers' tests expect each touch to be seen. */
const common = { touchIntervalMs: 0 };
const client = redisUrl === undefined ? undefined : new Redis(redisUrl);
let stores = 0;
let folder: string | undefined;

/** A store of its own for each `new MemoryStore()` of express-session's tests. */
export function createExpressStore(): SessionStore {
  if (client !== undefined) return new RedisStore({ client, prefix: nextPrefix(), ...common });
  return backend === "lmdb" ? new LmdbStore({ path: lmdbPath(), ...common }) : new MemoryStore(common);
}

export function createKoaStore(): KoaStore {
  if (client !== undefined) return new KoaRedisStore({ client, prefix: nextPrefix(), ...common });
  return backend === "lmdb" ? new KoaLmdbStore({ path: lmdbPath(), ...common }) : new KoaMemoryStore(common);
}

function nextPrefix(): string {
  return `suite${process.pid}.${++stores}:`;
}

function lmdbPath(): string {
  folder ??= makeFolder();
  return join(folder, `sessions-${++stores}.mdb`);
}

/** It goes with the process. */
function makeFolder(): string {
  const made = mkdtempSync(join(tmpdir(), "unstick-suite-"));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}
