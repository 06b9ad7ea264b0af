import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import { Cluster } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { families } from "./client-families.ts";
import type { Poke } from "./conformance-subject.ts";
import { describeConformance, ROUTED, WHOLE_EVERYWHERE } from "./conformance-suite.ts";

let cluster: RedisCluster;
let control: Cluster;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);
const ports = (): number[] => cluster.masters.map(({ port }) => port);

beforeAll(async () => {
  cluster = await startRedisCluster(3);
  control = new Cluster(ports().map((port) => ({ host: "127.0.0.1", port })));
});

afterAll(async () => {
  control.disconnect();
  await cluster.stop();
});

for (const family of families.filter(({ cluster }) => cluster !== undefined)) {
  describeConformance(`${family.name}, cluster`, {
    family,
    open: ({ cluster }) => cluster!(ports()),
    poke,
    // A rename over two slots goes its own way, so the model has more to find here.
    modelRuns: WHOLE_EVERYWHERE.has(family.name) ? 30 : 12,
    ...(WHOLE_EVERYWHERE.has(family.name) ? {} : { cases: ROUTED }),
  });
}
