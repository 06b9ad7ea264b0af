import { backendConformance, sharedStateConformance } from "@unstick/session/testing";
import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import { redisCommand } from "@unstick/testbed/redis-command";
import { GlideClusterClient } from "@valkey/valkey-glide";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OpenClient } from "./client-families.ts";
import { backendSubject, limits, type Poke, stateSubject } from "./conformance-subject.ts";
import { casesOf, ROUTED } from "./conformance-suite.ts";
import { clusterWords, login, rule } from "./documented-rule.ts";

let cluster: RedisCluster;
let control: Cluster;
const poke: Poke = (_key, name = "", ...args) => control.call(name, args);
const nodes = () => cluster.masters.map(({ port }) => ({ host: "127.0.0.1", port }));

const clients: Readonly<Record<string, () => Promise<OpenClient>>> = {
  "ioredis 5": async () => {
    const client = new Cluster(nodes(), { redisOptions: login });
    client.on("error", () => {});
    await client.ping();
    return { client, close: async () => client.disconnect() };
  },
  "node-redis 6": async () => {
    const client = createCluster({ rootNodes: nodes().map((socket) => ({ socket })), defaults: login });
    client.on("error", () => {});
    await client.connect();
    return { client, close: async () => client.destroy() };
  },
  "valkey-glide 2": async () => {
    const patience = { inflightRequestsLimit: 100_000, requestTimeout: 10_000 };
    const client = await GlideClusterClient.createClient({
      addresses: nodes(),
      credentials: login,
      ...patience,
    });
    return { client, close: async () => client.close() };
  },
};

beforeAll(async () => {
  cluster = await startRedisCluster(3);
  control = new Cluster(nodes());
  for (const { port } of cluster.masters) {
    const reply = await redisCommand(port, "ACL", "SETUSER", login.username, ...rule, ...clusterWords);
    expect(reply).toContain("OK");
  }
});

afterAll(async () => {
  control.disconnect();
  await cluster.stop();
});

test("the documents name commands for a cluster", () => {
  expect(clusterWords.length).toBeGreaterThan(3);
});

describe.concurrent.each(Object.entries(clients))("with least rights on a cluster, %s", (_name, open) => {
  let opened: OpenClient;
  const kit = { test: casesOf(ROUTED) };
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());
  backendConformance(kit, async () => backendSubject(opened.client, opened.client, poke), limits);
  sharedStateConformance(kit, async () => stateSubject(opened.client, opened.client), limits);
});
