import { waitUntil } from "@unstick/testbed";
import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import { redisCommand } from "@unstick/testbed/redis-command";
import { createCluster } from "redis4";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redisBackend, redisState } from "../src/index.ts";
import { slotOf } from "../src/slot.ts";
import { families } from "./client-families.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await startRedisCluster(3);
});
afterAll(() => cluster.stop());

const onCluster = families.filter(
  ({ name, cluster }) => cluster !== undefined && /ioredis 5|node-redis [46]|glide/.test(name),
);

test.each(onCluster)(
  "$name: a session's slot moves to and fro under load, and no call fails",
  async (family) => {
    const open = await family.cluster!(cluster.masters.map(({ port }) => port));
    const backend = redisBackend(open.client, { deadlineMs: 10_000 });
    const key = sessionKey(family.name);
    const slot = slotOf(`sess:${key}`);
    const home = cluster.masters[Math.floor((slot * 3) / 16_384)]!;
    const away = cluster.masters.find((master) => master !== home)!;
    let isMoving = true;
    let sequence = 0;
    const work = async (): Promise<void> => {
      while (isMoving) {
        sequence += 1;
        const token = { writer: "w", sequence };
        expect((await backend.update(key, { add: new Map([["n", 1]]) }, LONG, token)).outcome).toBe("ok");
        expect(await backend.read(key)).not.toBe(null);
      }
    };
    try {
      expect(await backend.create(key, new Map([["n", "0"]]), LONG)).toBe("ok");
      const move = async (): Promise<void> => {
        for (let round = 0; round < 3; round += 1) {
          // A node that has lost its scripts answers NOSCRIPT first, and MOVED only to the script's own text.
          await redisCommand(away.port, "SCRIPT", "FLUSH");
          await redisCommand(home.port, "SCRIPT", "FLUSH");
          await cluster.moveSlot(slot, home, away);
          await cluster.moveSlot(slot, away, home);
        }
        isMoving = false;
      };
      await Promise.all([...Array.from({ length: 8 }, work), move()]);
      expect((await backend.read(key))?.attributes.get("n")).toBe(String(sequence));
      expect(sequence).toBeGreaterThan(20);
    } finally {
      isMoving = false;
      await open.close();
    }
  },
);

test.each(["Ask", "Moved", "TryAgain"])(
  "valkey-glide: a slot is on its way and the client gives up (%s): asked again, reads and writes",
  async (name) => {
    const family = families.find(({ name }) => name === "valkey-glide 2")!;
    const open = await family.cluster!(cluster.masters.map(({ port }) => port));
    let refusals = 0;
    const client = new Proxy(open.client as { customCommand(...args: unknown[]): Promise<unknown> }, {
      get: (target, member) =>
        member !== "customCommand"
          ? Reflect.get(target, member)
          : async (...args: unknown[]) => {
              if (refusals-- > 0)
                throw new Error(`An error was signalled by the server: - ${name}: 8872 127.0.0.1:1`);
              return target.customCommand(...args);
            },
    });
    try {
      const backend = redisBackend(client as never, { deadlineMs: 10_000 });
      const state = redisState(client as never, { deadlineMs: 10_000 });
      const key = sessionKey(name);
      for (const call of [
        () => backend.create(key, new Map([["n", "1"]]), LONG),
        () => backend.read(key),
        () => backend.touch(key, LONG),
        () => state.put(name, "1", 60_000),
        () => state.get(name),
      ]) {
        refusals = 3;
        await call();
      }
      expect((await backend.read(key))?.attributes.get("n")).toBe("1");
      expect(await state.get(name)).toBe("1");
      refusals = 100;
      await expect(backend.read(key)).rejects.toThrow(
        /the slot is being moved|the key lives on another node/,
      );
    } finally {
      await open.close();
    }
  },
);

test("node-redis 4: a slot that was nobody's when the client looked is found once it is somebody's", async () => {
  const family = families.find(({ name }) => name === "node-redis 4")!;
  const key = sessionKey("nobody's");
  const slot = slotOf(`sess:${key}`);
  const owner = cluster.masters[Math.floor((slot * 3) / 16_384)]!;
  for (const { port } of cluster.masters) await redisCommand(port, "CLUSTER", "DELSLOTS", slot);
  const open = await family.cluster!(cluster.masters.map(({ port }) => port));
  try {
    const backend = redisBackend(open.client, { deadlineMs: 10_000 });
    await expect(backend.read(key)).rejects.toThrow("CLUSTERDOWN");
    await redisCommand(owner.port, "CLUSTER", "ADDSLOTS", slot);
    await waitUntil("all masters know the owner", async () => {
      const states = await Promise.all(
        cluster.masters.map(({ port }) => redisCommand(port, "CLUSTER", "INFO")),
      );
      return states.every((state) => state.includes("cluster_slots_ok:16384"));
    });
    expect(await backend.create(key, new Map(), LONG)).toBe("ok");
    expect((await backend.read(key))?.attributes).toEqual(new Map());
  } finally {
    await open.close();
  }
});

/** `rediscover()` of version 4 sets `reconnectStrategy: false` on the node that it asks; that node never comes back. */
test("node-redis 4: a slot moved, then connections broke: sessions are served, though the client's node is closed for good", async () => {
  const client = createCluster({
    rootNodes: cluster.masters.map(({ host, port }) => ({ socket: { host, port } })),
  });
  client.on("error", () => {});
  await client.connect();
  try {
    const backend = redisBackend(client, { deadlineMs: 10_000 });
    const keys = Array.from({ length: 30 }, (_, at) => sessionKey(`broken ${at}`));
    for (const key of keys) await backend.create(key, new Map(), LONG);
    const slot = slotOf("moved");
    const home = cluster.masters[Math.floor((slot * 3) / 16_384)]!;
    const away = cluster.masters.find((master) => master !== home)!;
    await cluster.moveSlot(slot, home, away);
    await client.set("moved", "1");
    for (const { port } of cluster.masters) await redisCommand(port, "CLIENT", "KILL", "TYPE", "normal");
    const isClosed = (): boolean =>
      client.masters.some((node) => "isOpen" in node.client! && !node.client.isOpen);
    await waitUntil("a node is closed", isClosed);
    for (const key of keys) {
      await waitUntil("it is read", () =>
        backend.read(key).then(
          (session) => session !== null,
          () => false,
        ),
      );
    }
    await cluster.moveSlot(slot, away, home);
  } finally {
    await client.disconnect();
  }
});
