import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { backendConformance } from "@unstick/session/testing";
import { type RedisServer, startRedis } from "@unstick/testbed";
import { Decoder, GlideClient } from "@valkey/valkey-glide";
import { Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis6";
import { createClient, RESP_TYPES } from "redis";
import { createClient as createClient4 } from "redis4";
import { createClient as createClient5 } from "redis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisClient, redisBackend, redisState } from "../src/index.ts";
import type { OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke } from "./conformance-subject.ts";
import { casesOf, DECODED } from "./conformance-suite.ts";
import { startOldServer } from "./old-server.ts";
import { sessionKey } from "./session-key.ts";

const host = "127.0.0.1";
let server: RedisServer;
let control: Redis;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);

beforeAll(async () => {
  server = await startRedis();
  control = new Redis(server.port, host);
});

afterAll(async () => {
  control.disconnect();
  await server.stop();
});

interface NodeRedis {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(...args: never[]): unknown;
}

async function connected<C extends NodeRedis>(client: C, close: (client: C) => unknown): Promise<OpenClient> {
  client.on("error", () => {});
  await client.connect();
  return { client, close: async () => close(client) };
}

function ioredis(client: { disconnect(): void; call(...args: never[]): unknown }): OpenClient {
  return { client, close: async () => client.disconnect() };
}

const socket = (): { socket: { host: string; port: number } } => ({ socket: { host, port: server.port } });

/** Settings by which an application makes replies come in another shape; and an older server. */
const settings: Readonly<Record<string, () => Promise<OpenClient>>> = {
  "ioredis 5 with stringNumbers and auto-pipelining": async () =>
    ioredis(new Redis(server.port, host, { stringNumbers: true, enableAutoPipelining: true })),
  "ioredis 5 on a server that reads no declarations": async () => {
    const old = await startOldServer(server.port);
    const client = new Redis(old.port, host);
    return {
      client,
      close: async () => {
        client.disconnect();
        old.stop();
      },
    };
  },
  "ioredis 6 on RESP2": async () => ioredis(new Redis6(server.port, host, { protocol: 2 })),
  "node-redis 4 in legacy mode": () =>
    connected(createClient4({ ...socket(), legacyMode: true }), (client) => client.disconnect()),
  "node-redis 5 on RESP3": () =>
    connected(createClient5({ ...socket(), RESP: 3 }), (client) => client.destroy()),
  "node-redis 6 on RESP2": () =>
    connected(createClient({ ...socket(), RESP: 2 }), (client) => client.destroy()),
  "node-redis 6 that maps replies to buffers and texts": async () => {
    const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String };
    const client = createClient({ ...socket(), commandOptions: { typeMapping } });
    return connected(client as unknown as NodeRedis & typeof client, (open) => open.destroy());
  },
  "valkey-glide that decodes to bytes": async () => {
    const addresses = [{ host, port: server.port }];
    const patience = { inflightRequestsLimit: 100_000, requestTimeout: 10_000 };
    const client = await GlideClient.createClient({ addresses, ...patience, defaultDecoder: Decoder.Bytes });
    return { client, close: async () => client.close() };
  },
};

describe.concurrent.each(Object.entries(settings))("%s", (_name, open) => {
  let opened: OpenClient;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());
  backendConformance(
    { test: casesOf(DECODED) },
    async () => backendSubject(opened.client, opened.client, poke),
    limits,
  );
});

test.each([
  ["5", Redis],
  ["6", Redis6 as unknown as typeof Redis],
])("ioredis %s: keyPrefix is before every key, and enumeration sees through it", async (version, Client) => {
  const keyPrefix = `app[${version}]*:`;
  const client = new Client(server.port, host, { keyPrefix });
  const backend = redisBackend(client, { prefix: "s:" });
  const state = redisState(client, { prefix: "t:" });
  await backend.create(sessionKey("a"), new Map([["n", "1"]]), { idleMs: 60_000 });
  await state.add("k", "v", 60_000);
  expect(await control.exists(`${keyPrefix}s:${sessionKey("a")}`, `${keyPrefix}t:k`)).toBe(2);
  expect(await collect(backend.sessionKeys())).toEqual([sessionKey("a")]);
  expect(await collect(state.keys(""))).toEqual(["k"]);
  expect(await backend.destroyAll(0)).toBe(1);
  expect(await control.exists(`${keyPrefix}s:${sessionKey("a")}`)).toBe(0);
  client.disconnect();
});

test.each([
  ["nothing", undefined],
  ["an address", "redis://localhost"],
  ["options", { host: "localhost", port: 6379 }],
  ["a promise of a client", Promise.resolve({})],
  ["the class", Redis],
])("a client that is %s is refused with what is missing", (_name, client) => {
  expect(() => redisBackend(client as unknown as RedisClient)).toThrow(
    expect.objectContaining({
      code: "ERR_UNSTICK_OPTION",
      message: expect.stringMatching(/call\(\).*sendCommand\(\).*customCommand\(\)/),
    }),
  );
});

test("a client that was never connected: calls end at once with what to do", async () => {
  const backend = redisBackend(createClient(socket()));
  await expect(backend.read(sessionKey("a"))).rejects.toThrow(
    expect.objectContaining({
      code: "ERR_UNSTICK_BACKEND",
      message: expect.stringContaining("not connected"),
    }),
  );
});

test("a node-redis client without an 'error' listener does not end the process", async () => {
  const child = spawn(process.execPath, [
    "--import",
    "tsx",
    fileURLToPath(import.meta.resolve("./no-listener.ts")),
  ]);
  const said: string[] = [];
  child.stdout.on("data", (chunk) => said.push(String(chunk)));
  child.stderr.on("data", (chunk) => said.push(String(chunk)));
  const [code] = await once(child, "exit");
  expect([code, said.join("")]).toEqual([0, "advice no-error-listener\nerror\nworks again\n"]);
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}
