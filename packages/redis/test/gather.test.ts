import { AsyncLocalStorage } from "node:async_hooks";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { redisBackend } from "../src/index.ts";
import { sessionKey } from "./session-key.ts";

let server: RedisServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

beforeEach(async () => {
  client = new Redis(server.port, "127.0.0.1");
  await client.flushall();
});
afterEach(() => client.disconnect());

/** Every write that reaches the socket: of one chunk, or of several at once. */
function countWrites(): { single: number; gathered: number[] } {
  const writes = { single: 0, gathered: [] as number[] };
  const { stream } = client;
  const [write, writev] = [stream._write, stream._writev];
  vi.spyOn(stream, "_write").mockImplementation((...args) => {
    writes.single += 1;
    write.apply(stream, args);
  });
  vi.spyOn(stream, "_writev").mockImplementation((chunks, done) => {
    writes.gathered.push(chunks.length);
    writev?.call(stream, chunks, done);
  });
  return writes;
}

const keys = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => sessionKey(String.fromCharCode(97 + at)));

test("of the commands of one turn half as many leave in one write as were under way at once", async () => {
  const backend = redisBackend(client);
  await backend.read(sessionKey("z"));
  const writes = countWrites();
  await Promise.all(keys(20).map((key) => backend.read(key)));
  // The first two, then 2, 4 and 8 together, and what is left at the end of the turn.
  expect(writes).toEqual({ single: 2, gathered: [2, 4, 8, 4] });
  await Promise.all(keys(4).map((key) => backend.read(key)));
  expect(writes).toEqual({ single: 2, gathered: [2, 4, 8, 4, 4] });
});

test("one at a time is written at once again, soon after there were many", async () => {
  const backend = redisBackend(client);
  await Promise.all(keys(20).map((key) => backend.read(key)));
  for (let round = 0; round < 300; round += 1) await backend.read(sessionKey("a"));
  const { stream } = client;
  const cork = vi.spyOn(stream, "cork");
  await backend.read(sessionKey("a"));
  expect(cork).not.toHaveBeenCalled();
});

test("a command that the client refuses at once is under way no longer", async () => {
  const backend = redisBackend(client);
  await backend.read(sessionKey("z"));
  const refuse = vi.spyOn(client, "call").mockImplementation(() => {
    throw new Error("refused");
  });
  await Promise.allSettled(keys(8).map((key) => backend.read(key)));
  refuse.mockRestore();
  const writes = countWrites();
  await Promise.all(keys(4).map((key) => backend.read(key)));
  expect(writes).toEqual({ single: 2, gathered: [2] });
});

test("what the application asks in the same turn keeps its place", async () => {
  const backend = redisBackend(client);
  const [key = "", other = ""] = keys(2);
  // The server learns the scripts first: what it does not know is sent once more, behind what came meanwhile.
  await backend.create(other, new Map(), { idleMs: 60_000 });
  await backend.read(other);
  const made = backend.create(key, new Map([["user", "alice"]]), { idleMs: 60_000 });
  const emptied = client.flushall();
  const read = backend.read(key);
  expect(await made).toBe("ok");
  await emptied;
  expect(await read).toBeNull();
});

test("each command is sent in the asynchronous context of its request", async () => {
  const request = new AsyncLocalStorage<string>();
  const backend = redisBackend(client);
  await backend.read(sessionKey("z"));
  const seen: (string | undefined)[] = [];
  const call = client.call.bind(client) as (...args: unknown[]) => unknown;
  vi.spyOn(client, "call").mockImplementation(((...args: unknown[]) => {
    seen.push(request.getStore());
    return call(...args);
  }) as never);
  await Promise.all(["a", "b"].map((name) => request.run(name, () => backend.read(sessionKey(name)))));
  expect(seen).toEqual(["a", "b"]);
});

test("a connection that ends in the same turn takes nothing with it but its own commands", async () => {
  const backend = redisBackend(client);
  await backend.create(sessionKey("a"), new Map([["user", "alice"]]), { idleMs: 60_000 });
  const lost = backend.read(sessionKey("a")).catch(() => null);
  client.disconnect(true);
  await lost;
  expect((await backend.read(sessionKey("a")))?.attributes.get("user")).toBe("alice");
});
