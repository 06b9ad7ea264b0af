import { RedisStore } from "@unstick/redis/express";
import { RedisStore as KoaRedisStore } from "@unstick/redis/koa";
import { startRedisCluster } from "@unstick/testbed/redis-cluster";
import { RedisStore as ConnectRedis } from "connect-redis";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import type { Env } from "./env.ts";
import type { Row } from "./row.ts";
import { checkExpressStore, checkKoaStore, type MethodReport } from "./store-methods.ts";

/** Every method of the stores on a cluster of three masters, with sessions on all of them. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const cluster = await startRedisCluster(3);
  const addresses = cluster.masters.map(({ host, port }) => ({ host, port }));
  const ioredis = new Cluster(addresses);
  const nodeRedis = createCluster({ rootNodes: cluster.masters.map(({ url }) => ({ url })) });
  nodeRedis.on("error", console.error);
  await nodeRedis.connect();
  const own = { deadlineMs: 20_000 };
  try {
    const ours: MethodReport[] = [
      await checkExpressStore("ioredis", new RedisStore({ client: ioredis, prefix: "a:", ...own }), count),
      await checkExpressStore(
        "node-redis",
        new RedisStore({ client: nodeRedis, prefix: "b:", ...own }),
        count,
      ),
      await checkKoaStore(
        "koa, ioredis",
        new KoaRedisStore({ client: ioredis, prefix: "c:", ...own }),
        count,
      ),
    ];
    const others: MethodReport[] = [
      await checkExpressStore("connect-redis, ioredis", peerStore(ioredis, "d:"), count),
      await checkExpressStore("connect-redis, node-redis", peerStore(nodeRedis, "e:"), count),
    ];
    for (const { name, failed } of [...ours, ...others])
      env.note(`  ${name}: ${failed.join(", ") || "all work"}`);
    return [
      {
        measure: "store methods on a cluster of 3 masters",
        mustBe: "all work",
        ours: ours.map(say).join("; "),
        peer: others.map(say).join("; "),
        held: ours.every(({ failed }) => failed.length === 0),
      },
    ];
  } finally {
    ioredis.disconnect();
    nodeRedis.destroy();
    await cluster.stop();
  }
}

function peerStore(client: object, prefix: string): ConnectRedis {
  return new ConnectRedis({ client: client as never, prefix });
}

function say({ name, methods, failed }: MethodReport): string {
  const without = failed.length > 0 ? `, not ${failed.map((one) => one.split(":")[0]).join(" ")}` : "";
  return `${name} ${methods - failed.length} of ${methods}${without}`;
}
