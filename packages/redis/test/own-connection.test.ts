import { type RedisServer, startRedis, waitUntil } from "@unstick/testbed";
import { type FaultProxy, startFaultProxy } from "@unstick/testbed/fault-proxy";
import { createClient } from "redis4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const key = sessionKey("a");
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

test("what the application asks is answered right, whatever became of our replies", async () => {
  await withClient4({}, async (client, proxy) => {
    const backend = redisBackend(client, { deadlineMs: 300 });
    await backend.create(key, new Map([["user", "alice"]]), LONG);
    await client.hSet("own", { a: "1", b: "2" });
    proxy.set({ cut: true });
    await expect(backend.read(key)).rejects.toThrow("not connected");
    proxy.set({});
    expect((await backend.read(key))?.attributes.get("user")).toBe("alice");
    expect(await client.hGetAll("own")).toEqual({ a: "1", b: "2" });
  });
});

test.each([
  ["none", {}, undefined, 0],
  ["by option", { database: 3 }, undefined, 3],
  ["by URL", { url: "redis://127.0.0.1/4" }, undefined, 4],
  ["by select()", {}, 5, 5],
  ["by URL, then by select()", { url: "redis://127.0.0.1/4" }, 6, 6],
] as const)(
  "it is in the database that the application chose: %s",
  async (_how, options, selected, stored) => {
    await withClient4(options, async (client) => {
      if (selected !== undefined) await client.select(selected);
      await redisBackend(client).create(key, new Map(), LONG);
      expect(await client.exists(`sess:${key}`)).toBe(1);
      expect(await client.sendCommand(["INFO", "keyspace"])).toContain(`db${stored}:`);
    });
  },
);

test("a user who may not ask for the database has that of the options", async () => {
  const control = createClient({ socket: { port: server.port } });
  await control.connect();
  await control.sendCommand(["ACL", "SETUSER", "few", "on", ">pw", "~*", "+@all", "-client"]);
  await withClient4({ database: 3, username: "few", password: "pw" }, async (client) => {
    await redisBackend(client).create(key, new Map(), LONG);
    expect(await client.exists(`sess:${key}`)).toBe(1);
  });
  await control.disconnect();
});

test("it is one for all backends of a client, and lives as long as that is open", async () => {
  await withClient4({}, async (client, proxy) => {
    const backends = ["x:", "y:"].map((prefix) => redisBackend(client, { prefix }));
    await Promise.all(backends.map((backend) => backend.read(key)));
    expect(proxy.connections).toBe(2);
    await client.disconnect();
    await waitUntil("both are closed", () => proxy.connections === 0);
    await expect(backends[0]!.read(key)).rejects.toThrow("not connected");
    await client.connect();
    expect(await backends[0]!.read(key)).toBe(null);
  });
});

test("what was sent before the application's quit() is answered", async () => {
  await withClient4({}, async (client) => {
    const backend = redisBackend(client, { deadlineMs: 20_000 });
    await backend.create(key, new Map([["n", "0"]]), LONG);
    const add = (): Promise<unknown> => backend.update(key, { add: new Map([["n", 1]]) }, LONG);
    // The server knows the script then: what it must be told after the quit cannot be sent any more.
    await add();
    const adds = Promise.allSettled(Array.from({ length: 5_000 }, add));
    await client.quit();
    expect((await adds).filter(({ status }) => status === "rejected").length).toBe(0);
  });
});

test("a client that is closed while the server is away leaves nothing behind that tries to connect", async () => {
  const away = await startRedis();
  const client = createClient({ socket: { port: away.port, reconnectStrategy: 20 } });
  client.on("error", () => {});
  await client.connect();
  const backend = redisBackend(client, { deadlineMs: 100 });
  await backend.read(key);
  await away.kill();
  await expect(backend.read(key)).rejects.toMatchObject({ status: 503 });
  await expect(backend.read(key)).rejects.toMatchObject({ status: 503 });
  await client.disconnect();
  await away.restart();
  const control = createClient({ socket: { port: away.port } });
  await control.connect();
  await waitUntil(
    "one alone is connected",
    async () => (await control.sendCommand(["CLIENT", "LIST"]))?.toString().trim().split("\n").length === 1,
  );
  await control.disconnect();
  await away.stop();
});

test.each([
  [{ commandsQueueMaxLength: 2 }, "queue is full", 2],
  [{ disableOfflineQueue: true }, "not connected", 4],
] as const)("%j holds for what waits for a connection", async (options, reason, refused) => {
  const away = await startRedis();
  const socket = { port: away.port, reconnectStrategy: 20 };
  const client = createClient({ ...options, socket });
  client.on("error", () => {});
  await client.connect();
  const backend = redisBackend(client, { deadlineMs: 200 });
  await backend.read(key);
  await away.kill();
  // Whichever of the two notices first, both have by then.
  await expect(backend.read(key)).rejects.toMatchObject({ status: 503 });
  const reads = await Promise.allSettled(Array.from({ length: 4 }, () => backend.read(key)));
  const said = reads.map((result) => (result.status === "rejected" ? String(result.reason) : "a value"));
  // The read before them may still wait for its turn.
  expect(said.filter((text) => text.includes(reason)).length).toBeGreaterThanOrEqual(refused);
  await away.restart();
  const works = (): Promise<boolean> =>
    backend.read(key).then(
      () => true,
      () => false,
    );
  await waitUntil("it works again", works);
  await client.disconnect();
  await away.stop();
});

type Client4 = ReturnType<typeof createClient>;

/** A client behind a proxy, and a server without data. */
async function withClient4(
  options: Parameters<typeof createClient>[0],
  body: (client: Client4, proxy: FaultProxy) => Promise<void>,
): Promise<void> {
  const proxy = await startFaultProxy(server.port);
  const url = options?.url?.replace("127.0.0.1", `127.0.0.1:${proxy.port}`);
  const where = url === undefined ? { socket: { host: proxy.host, port: proxy.port } } : { url };
  const client: Client4 = createClient({ ...options, ...where });
  client.on("error", () => {});
  await client.connect();
  await client.flushAll();
  try {
    await body(client, proxy);
  } finally {
    await client.disconnect().catch(() => {});
    await proxy.stop();
  }
}
