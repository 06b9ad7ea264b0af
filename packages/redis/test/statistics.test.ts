import { startRedis, waitUntil } from "@unstick/testbed";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";

test("statistics tell the server's evictions, and the delay of its replica once it has one", async () => {
  const master = await startRedis(["--maxmemory", "16mb", "--maxmemory-policy", "volatile-ttl"]);
  const replica = await startRedis(["--replicaof", "127.0.0.1", `${master.port}`]);
  const client = new Redis(master.port, master.host);
  const backend = redisBackend(client, { prefix: "s:" });
  try {
    expect((await backend.statistics()).evictedKeys).toBe(0);
    for (let at = 0; at < 1_200; at++) await client.set(`filler:${at}`, "x".repeat(20_000), "PX", 600_000);
    expect((await backend.statistics()).evictedKeys).toBeGreaterThan(0);
    await waitUntil("the replica is in the master's INFO", async () => {
      return (await backend.statistics()).replicationDelayMs !== undefined;
    });
  } finally {
    client.disconnect();
    await replica.stop();
    await master.stop();
  }
});
