import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { DemoError } from "./errors.ts";
import type { StateLocation } from "./fleet/messages.ts";
import { type DemoOptions, readRedisUrl } from "./options.ts";

export interface SharedPlace {
  readonly location: StateLocation;
  /** For the person at the keyboard: what is used, and why. */
  readonly description: string;
  /** Leave nothing behind. */
  remove(): Promise<void>;
}

const usualRedis = "redis://127.0.0.1:6379";

/** Where instances share their state: the Redis that was named, else one that is found, else LMDB in a folder. */
export async function findSharedPlace({ redis, lmdb }: DemoOptions): Promise<SharedPlace> {
  if (redis !== undefined) return namedRedis(redis, "--redis");
  if (lmdb) return lmdbFolder("--lmdb");
  const { REDIS_URL } = process.env;
  if (REDIS_URL) return namedRedis(readRedisUrl(REDIS_URL, "REDIS_URL"), "REDIS_URL");
  if ((await whyNoRedis(usualRedis)) === null) return redisPlace(usualRedis, "found on 127.0.0.1:6379");
  return lmdbFolder("no Redis found");
}

async function namedRedis(url: string, from: string): Promise<SharedPlace> {
  const reason = await whyNoRedis(url);
  if (reason === null) return redisPlace(url, from);
  throw new DemoError(`${from}: no Redis answers at ${new URL(url).host}: ${reason}`);
}

/** null if a Redis answers there, else the reason. */
async function whyNoRedis(url: string): Promise<string | null> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 });
  let reason = "no answer";
  client.on("error", (error) => {
    reason = error.message;
  });
  try {
    await client.connect();
    await client.ping();
    return null;
  } catch (error) {
    return reason === "no answer" ? (error as Error).message : reason;
  } finally {
    client.disconnect();
  }
}

function redisPlace(url: string, why: string): SharedPlace {
  const prefix = `unstick-demo:${randomBytes(6).toString("hex")}:`;
  return {
    location: { kind: "redis", url, prefix },
    description: `Redis at ${new URL(url).host} (${why})`,
    remove: () => removeKeys(url, prefix),
  };
}

async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = new Redis(url);
  for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if (keys.length > 0) await client.unlink(...(keys as string[]));
  }
  await client.quit();
}

const folderPrefix = "unstick-demo-";

function lmdbFolder(why: string): SharedPlace {
  removeForgotten();
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  return {
    location: { kind: "lmdb", path: join(folder, "state.mdb") },
    description: `LMDB in a folder of its own (${why})`,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Folders of demos that were killed before they could tidy up. */
function removeForgotten(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^(\d+)-/.exec(name.startsWith(folderPrefix) ? name.slice(folderPrefix.length) : "")?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
