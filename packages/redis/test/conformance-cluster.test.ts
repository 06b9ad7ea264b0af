import { backendConformance, backendMatchesModel, sharedStateConformance } from "@unstick/session/testing";
import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import fc from "fast-check";
import { Cluster } from "ioredis";
import { afterAll, beforeAll, describe, test } from "vitest";
import { families, type OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";

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

describe.each(families.filter((family) => family.cluster !== undefined))("$name, cluster", (family) => {
  let open: readonly OpenClient[];
  const kit = { test: test.concurrent };

  beforeAll(async () => {
    open = await Promise.all([family.cluster!(ports()), family.cluster!(ports())]);
  });
  afterAll(() => Promise.all(open.map((client) => client.close())));

  backendConformance(kit, async () => backendSubject(open[0]!.client, open[1]!.client, poke), limits);
  sharedStateConformance(kit, async () => stateSubject(open[0]!.client, open[1]!.client), limits);
  test.concurrent("the backend answers as the model of the contract does", () =>
    backendMatchesModel(fc, async () => backendSubject(open[0]!.client, open[1]!.client, poke), {
      runs: 60,
    }));
});
