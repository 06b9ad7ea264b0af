import { BackendError } from "@unstick/session";
import { startRedis, waitUntil } from "@unstick/testbed";
import { type FaultProxy, startFaultProxy } from "@unstick/testbed/fault-proxy";
import { startRedisCluster } from "@unstick/testbed/redis-cluster";
import { createCluster } from "redis4";
import { describe, expect, test } from "vitest";
import { type RedisClient, redisBackend } from "../src/index.ts";
import { resilientClients } from "./resilient-clients.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const ROUNDS = 40;

/**
 * node-redis 4 alone gives the beginning of a reply that was cut to whoever asks next on the new connection:
 * one user's attributes in another's session.
 */
describe.concurrent.each(resilientClients)("$name", (family) => {
  test(`${ROUNDS} replies cut in the middle: nobody gets any of another's session`, async () => {
    const server = await startRedis();
    const proxy = await startFaultProxy(server.port);
    const { client, close } = await family.open(proxy.port);
    try {
      await readThroughCuts(client, [proxy]);
    } finally {
      await close().catch(() => {});
      await proxy.stop();
      await server.stop();
    }
  }, 60_000);
});

test("node-redis 4 on a cluster: nobody gets any of another's session", async () => {
  const cluster = await startRedisCluster(3);
  const proxies = await Promise.all(cluster.masters.map(({ port }) => startFaultProxy(port)));
  const nodeAddressMap = Object.fromEntries(
    cluster.masters.map(({ host, port }, at) => [`${host}:${port}`, { host, port: proxies[at]!.port }]),
  );
  const rootNodes = cluster.masters.map(({ host, port }) => ({ socket: { host, port } }));
  const client = createCluster({ rootNodes, nodeAddressMap });
  client.on("error", () => {});
  await client.connect();
  try {
    await readThroughCuts(client, proxies);
  } finally {
    await client.disconnect();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await cluster.stop();
  }
}, 60_000);

/** Both sessions are on one slot, so on one connection; each round cuts at another place of the reply. */
async function readThroughCuts(client: RedisClient, proxies: readonly FaultProxy[]): Promise<void> {
  const backend = redisBackend(client, { prefix: "{slot}:", deadlineMs: 300 });
  const [alice, bob] = [sessionKey("alice"), sessionKey("bob")];
  const bobs = attributesOf("bob", 3);
  await done(() => backend.create(bob, bobs, LONG));
  for (let round = 0; round < ROUNDS; round += 1) {
    await done(() => backend.destroy(alice, 0));
    await done(() => backend.create(alice, attributesOf("alice", round), LONG));
    for (const proxy of proxies) proxy.set({ cut: true });
    expect(await outcomeOf(backend.read(alice))).toBeInstanceOf(BackendError);
    for (const proxy of proxies) proxy.set({});
    await waitUntil("bob's session is read", async () => {
      const read = await outcomeOf(backend.read(bob));
      if (read instanceof BackendError) return false;
      expect(read).toMatchObject({ attributes: bobs });
      return true;
    });
  }
}

/** A busy machine may answer late; these are not the calls in question. */
function done(call: () => Promise<unknown>): Promise<void> {
  return waitUntil("it is done", async () => !((await outcomeOf(call())) instanceof Error));
}

function attributesOf(user: string, round: number): ReadonlyMap<string, string> {
  return new Map([
    ["user", user],
    ["role", "r".repeat(round)],
  ]);
}

function outcomeOf<T>(call: Promise<T>): Promise<T | Error> {
  return call.catch((error: Error) => error);
}
