import { createEngine, type Engine, memoryBackend, sessionKey } from "@unstick/session";
import { waitUntil } from "@unstick/testbed";
import { type FaultProxy, startFaultProxy } from "@unstick/testbed/fault-proxy";
import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import { Cluster, Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { slotOf } from "../src/slot.ts";

const LONG = { idleMs: 600_000 };
const MASTERS = 3;
let cluster: RedisCluster;
let proxies: FaultProxy[];
let client: Cluster;
let direct: Redis[];

beforeAll(async () => {
  cluster = await startRedisCluster(MASTERS);
  proxies = await Promise.all(cluster.masters.map(({ port }) => startFaultProxy(port)));
  const natMap = Object.fromEntries(
    cluster.masters.map(({ host, port }, at) => [`${host}:${port}`, { host, port: proxies[at]!.port }]),
  );
  client = new Cluster(
    cluster.masters.map(({ host, port }) => ({ host, port })),
    { natMap, slotsRefreshInterval: 600_000 },
  );
  client.on("error", () => {});
  direct = cluster.masters.map(({ host, port }) => new Redis(port, host));
});

afterAll(async () => {
  client.disconnect();
  for (const one of direct) one.disconnect();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await cluster.stop();
});

/** Which half of a rename from the first master to the second loses its reply. */
const halves = [
  ["the first half", 0],
  ["the second half", 1],
] as const;

test.each(halves.flatMap(([half, at]) => [0, 10_000].map((graceMs) => [half, graceMs, at] as const)))(
  "a rename between two masters, the reply to %s lost and the call resent, is done once (grace of %i ms)",
  async (_half, graceMs, at) => {
    const backend = redisBackend(client, { deadlineMs: 20_000, reconnectAfterMs: 0 });
    const engine = createEngine({ backend, ids: "known", graceMs, attributes: { n: "counter" } });
    const [from, to] = [idOn(0), idOn(1)];
    const session = engine.create(from);
    session.set("n", 1);
    await session.save();
    // By a write with a token, which moves along: else a write resent after the rename would count twice.
    const token = { writer: "writer", sequence: 1 };
    await backend.update(sessionKey(from), { add: new Map([["n", 1]]) }, LONG, token);
    await rehearse(engine);
    const renamed = (await engine.load(from))!;
    renamed.set("user", "ada");
    proxies[at]!.set({ dropReplies: true });
    const renaming = renamed.rename({ id: to });
    await waitUntil("the server has done its half", () => (at === 0 ? isMarked(from) : isThere(to)));
    proxies[at]!.set({});
    proxies[at]!.reset();
    expect(await renaming).toBe("renamed");
    expect((await engine.load(to))?.toObject()).toEqual({ n: 2, user: "ada" });
    await backend.update(sessionKey(to), { add: new Map([["n", 1]]) }, LONG, token);
    await backend.update(sessionKey(to), { add: new Map([["n", 1]]) }, LONG, { ...token, sequence: 2 });
    expect((await engine.load(to))?.get("n")).toBe(3);
    const old = await engine.load(from);
    if (at === 0) expect(old?.isReplaced).toBe(graceMs > 0 ? true : undefined);
    expect(old?.get("user")).toBeUndefined();
  },
);

/** Both servers know the scripts: the reply that is lost is the one of the half, not of an EVALSHA before it. */
async function rehearse(engine: Engine): Promise<void> {
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const session = engine.create(idOn(from));
    session.set("n", 1);
    await session.save();
    await session.rename({ id: idOn(to) });
  }
}

/** A new id whose session lies on the master of this index. */
function idOn(index: number): string {
  for (;;) {
    const { id, key } = createEngine({ backend: memoryBackend() }).create();
    if (Math.floor((slotOf(`sess:${key}`) * MASTERS) / 16_384) === index) return id;
  }
}

/** Its header says no longer that it lives. */
async function isMarked(id: string): Promise<boolean> {
  const header = await direct[0]!.hgetBuffer(`sess:${sessionKey(id)}`, "");
  return header?.[2] !== "L".charCodeAt(0);
}

async function isThere(id: string): Promise<boolean> {
  return (await direct[1]!.exists(`sess:${sessionKey(id)}`)) === 1;
}
