import { DeadlineError } from "@unstick/session";
import { startRedis, waitUntil } from "@unstick/testbed";
import { redisCommand } from "@unstick/testbed/redis-command";
import { monitorRedis } from "@unstick/testbed/redis-monitor";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { redisBackend, redisState } from "../src/index.ts";
import { families } from "./client-families.ts";
import { startOldServer } from "./old-server.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const PAUSE_MS = 60_000;
const key = sessionKey("a");

/** FAILOVER and CLUSTER FAILOVER hold up writes while the replica catches up, as CLIENT PAUSE … WRITE does. */
describe.concurrent.each(families)("$name", (family) => {
  test("while a planned failover holds up writes, reads are answered where the server can be told of them", async () => {
    const server = await startRedis();
    const open = await family.standalone(server.port);
    const backend = redisBackend(open.client, { deadlineMs: 2_000 });
    const state = redisState(open.client, { deadlineMs: 2_000 });
    try {
      await backend.create(key, new Map([["n", "1"]]), LONG);
      await backend.linkPrincipal("ada", key, "note", LONG);
      await state.put("k", "v", 60_000);
      // An EVALSHA of a script that the server does not know yet would have to wait.
      await Promise.all([
        backend.read(key),
        backend.principalSessions("ada"),
        collect(backend.sessionKeys()),
      ]);
      const readsDeclarations = await canReadDeclarations(server.port);
      await redisCommand(server.port, "CLIENT", "PAUSE", PAUSE_MS, "WRITE");
      expect(await state.get("k")).toBe("v");
      if (readsDeclarations) {
        expect((await backend.read(key))?.attributes.get("n")).toBe("1");
        expect(await backend.principalSessions("ada")).toEqual([{ key, entry: "note" }]);
        expect(await collect(backend.sessionKeys())).toEqual([key]);
      } else {
        // One that knows no time yet asks by a script; a plain read is answered here, too.
        const asking = redisBackend(open.client, { deadlineMs: 2_000 });
        await expect(asking.read(key)).rejects.toThrow(DeadlineError);
      }
      await expect(backend.touch(key, LONG)).rejects.toThrow(DeadlineError);
    } finally {
      await redisCommand(server.port, "CLIENT", "UNPAUSE");
      await open.close();
      await server.stop();
    }
  });
});

test("a server that knows no declarations (Redis 6.2) is told none from then on, and serves every verb", async () => {
  const server = await startRedis();
  const old = await startOldServer(server.port);
  const client = new Redis(old.port, server.host);
  const backend = redisBackend(client);
  const seen: string[] = [];
  const monitor = await monitorRedis(server.port, (words, source) => {
    if (source !== "lua") seen.push(described(words));
  });
  /** What reached the server since, in order; MONITOR tells it a little later. */
  const sent = async (): Promise<string[]> => {
    await client.echo("mark");
    await waitUntil("MONITOR has told it", () => seen.includes("ECHO"));
    return seen.splice(0).filter((name) => name !== "ECHO");
  };
  try {
    await backend.create(key, new Map([["n", "1"]]), LONG);
    await sent();
    expect((await backend.read(key))?.attributes.get("n")).toBe("1");
    expect(await sent()).toEqual(["EVALSHA", "EVAL declared", "EVALSHA", "EVAL"]);
    await backend.linkPrincipal("ada", key, "note", LONG);
    await sent();
    expect(await backend.principalSessions("ada")).toEqual([{ key, entry: "note" }]);
    expect(await sent()).toEqual(["EVALSHA", "EVAL"]);
    expect(await backend.principalSessions("ada")).toEqual([{ key, entry: "note" }]);
    expect(await sent()).toEqual(["EVALSHA"]);
  } finally {
    monitor.stop();
    client.disconnect();
    old.stop();
    await server.stop();
  }
});

/** From Redis 7.0 on, and on Valkey. */
async function canReadDeclarations(port: number): Promise<boolean> {
  return (await redisCommand(port, "EVAL", "#!lua flags=no-writes\nreturn 7", 0)).startsWith(":7");
}

function described([name = "", text = ""]: readonly string[]): string {
  return `${name.toUpperCase()}${text.startsWith("#?lua") ? " declared" : ""}`;
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
