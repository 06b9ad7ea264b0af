import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { afterEach, expect, test, vi } from "vitest";
import { readOptions } from "../src/options.ts";
import { findSharedPlace } from "../src/shared-place.ts";

afterEach(() => vi.unstubAllEnvs());

test("--lmdb: a folder of its own, also where REDIS_URL is set; it is removed", async () => {
  vi.stubEnv("REDIS_URL", "redis://127.0.0.1:1");
  const place = await findSharedPlace(readOptions(["--lmdb"]));
  const folder = place.location.kind === "lmdb" ? dirname(place.location.path) : "";
  expect(place.description).toBe("LMDB in a folder of its own (--lmdb)");
  expect(existsSync(folder)).toBe(true);
  await place.remove();
  expect(existsSync(folder)).toBe(false);
});

test("REDIS_URL is used and said; only the demo's own keys are removed at the end", async () => {
  const server = await startRedis();
  const url = server.url.replace("redis://", "redis://default:@");
  vi.stubEnv("REDIS_URL", url);
  const place = await findSharedPlace(readOptions([]));
  expect(place.description).toBe(`Redis at 127.0.0.1:${server.port} (REDIS_URL)`);

  const client = new Redis(server.url);
  const prefix = place.location.kind === "redis" ? place.location.prefix : "";
  await client.mset({ [`${prefix}state:a`]: "1", [`${prefix}session:b`]: "2", "somebody's": "3" });
  await place.remove();
  expect(await client.keys("*")).toEqual(["somebody's"]);
  client.disconnect();
  await server.stop();
});
