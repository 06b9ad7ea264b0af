import { startRedis, waitUntil } from "@unstick/testbed";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { expect, test } from "vitest";
import { type RedisClient, redisBackend, redisState } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const [a, b] = [sessionKey("a"), sessionKey("b")];
const token = { writer: "w", sequence: 1 };

/** Each call of a verb, which MONITOR must show as exactly one command. */
const verbs = (client: RedisClient): readonly (readonly [string, () => Promise<unknown>])[] => {
  const backend = redisBackend(client);
  const state = redisState(client);
  return [
    ["create", () => backend.create(a, new Map([["n", "1"]]), LONG)],
    ["read", () => backend.read(a)],
    ["read of an unknown key", () => backend.read(b)],
    ["update", () => backend.update(a, { set: new Map([["n", "2"]]) }, LONG)],
    ["update with a token", () => backend.update(a, { add: new Map([["n", 1]]) }, LONG, token)],
    ["touch", () => backend.touch(a, LONG)],
    ["rename", () => backend.rename(a, b, {}, LONG, 10_000)],
    ["read in the grace", () => backend.read(a)],
    ["destroy", () => backend.destroy(b, 10_000)],
    ["linkPrincipal", () => backend.linkPrincipal(a, b, "note", LONG, { max: 3, policy: "evict-oldest" })],
    ["principalSessions", () => backend.principalSessions(a)],
    ["unlinkPrincipal", () => backend.unlinkPrincipal(a, b)],
    ["add", () => state.add("k", "v", 10_000)],
    ["get", () => state.get("k")],
    ["put", () => state.put("k", "v", 10_000)],
    ["take", () => state.take("k", { tombstoneMs: 1_000 })],
    ["remove", () => state.remove("k")],
  ];
};

test.each(["ioredis", "node-redis"])(
  "%s: every verb is one command, and none of them is a SCAN",
  async (family) => {
    const server = await startRedis();
    const ioredis = new Redis(server.port, server.host);
    const nodeRedis = createClient({ url: server.url });
    nodeRedis.on("error", () => {});
    await nodeRedis.connect();
    const client = family === "ioredis" ? ioredis : nodeRedis;
    const seen: string[] = [];
    const monitor = await monitorRedis(server.port, (words, source) => {
      if (source !== "lua") seen.push(words[0]?.toUpperCase() ?? "");
    });
    try {
      // Once for the server to learn the scripts, and the instance what the server can read; once to count.
      const calls = verbs(client);
      for (const [, call] of calls) await call();
      await ioredis.flushdb();
      await waitUntil("MONITOR has caught up", () => seen.includes("FLUSHDB"));
      seen.length = 0;
      for (const [name, call] of calls) {
        const mark = `mark ${name}`;
        await ioredis.echo(mark);
        await call();
        await ioredis.echo(mark);
        await waitUntil("MONITOR has shown it", () => seen.filter((word) => word === "ECHO").length === 2);
        expect([name, seen.filter((word) => word !== "ECHO").length]).toEqual([name, 1]);
        expect(seen).not.toContain("SCAN");
        seen.length = 0;
      }
    } finally {
      monitor.stop();
      ioredis.disconnect();
      nodeRedis.destroy();
      await server.stop();
    }
  },
);
