import { BackendError } from "@unstick/session";
import { type RedisServer, waitUntil } from "@unstick/testbed";
import { type RedisCluster, startRedisCluster } from "@unstick/testbed/redis-cluster";
import { redisCommand } from "@unstick/testbed/redis-command";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { redisBackend } from "../src/index.ts";
import { slotOf } from "../src/slot.ts";
import { families } from "./client-families.ts";
import { sessionKey } from "./session-key.ts";

const LONG = { idleMs: 600_000 };
const DEADLINE_MS = 1_000;
/** A call that hung would take for ever; one that ends in time may be seen late by a machine that is busy. */
const AMPLE_MS = 10_000;
const HEAL_MS = 25_000;

type Backend = ReturnType<typeof redisBackend>;

interface Stage {
  readonly cluster: RedisCluster;
  readonly backend: Backend;
  /** A session on each master. */
  readonly keys: readonly string[];
}

const onCluster = families.filter(
  ({ name, cluster }) => cluster !== undefined && /ioredis 5|node-redis [46]|glide/.test(name),
);

describe.concurrent.each(onCluster)("$name, cluster", (family) => {
  test("one master dies: calls for its slots end typed, the others' work; CLUSTERDOWN is told; then all heals", async () => {
    await onStage(family, async ({ cluster, backend, keys: [lost, ...alive] }) => {
      const [dead, ...survivors] = cluster.masters;
      await dead!.kill();
      await expectTyped(backend, lost!);
      for (const key of alive) await waitUntil("the other slots work", () => works(backend, key));
      await expectTyped(backend, lost!);
      await onAll(survivors, "CONFIG", "SET", "cluster-require-full-coverage", "yes");
      // A node that has given up the dead one by now does not judge the cluster anew until its slots are spoken of.
      await onAll(survivors, "CLUSTER", "SETSLOT", slotOf(`sess:${lost!}`), "STABLE");
      await waitUntil("the cluster is down", async () => {
        const states = await onAll(survivors, "CLUSTER", "INFO");
        return states.every((state) => state.includes("cluster_state:fail"));
      });
      for (const key of alive) await expectTyped(backend, key);
      const patient = await refusal(backend, alive[0]!);
      expect(patient.message).toMatch(/CLUSTERDOWN|no answer/);
      await dead!.restart();
      for (const key of alive) await waitUntil("it works again", () => works(backend, key), HEAL_MS);
      await waitUntil("the slots that were lost are served", () => answers(backend, lost!), HEAL_MS);
    });
  }, 90_000);

  const refusals = [
    ["maxclients is reached", ["maxclients", "1"], ["maxclients", "10000"]],
    ["a password is set (NOAUTH)", ["requirepass", "secret"], ["requirepass", ""]],
  ] as const;

  test.each(refusals)(
    "%s and connections break: calls end typed, and it heals",
    async (_name, set, unset) => {
      await onStage(family, async ({ cluster, backend, keys }) => {
        const controls = cluster.masters.map(({ port }) => new Redis(port, "127.0.0.1"));
        try {
          // The control's own connections stay; what they break has to come back, and may not.
          for (const control of controls) {
            await control.call("CONFIG", "SET", ...set);
            await control.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
          }
          for (const key of keys) await expectTyped(backend, key);
          for (const control of controls) await control.call("CONFIG", "SET", ...unset);
          for (const key of keys) await waitUntil("it works again", () => works(backend, key), HEAL_MS);
        } finally {
          for (const control of controls) control.disconnect();
        }
      });
    },
    90_000,
  );
});

async function onStage(
  family: (typeof onCluster)[number],
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  const cluster = await startRedisCluster(3, ["--cluster-require-full-coverage", "no"]);
  try {
    const open = await family.cluster!(cluster.masters.map(({ port }) => port));
    const backend = redisBackend(open.client, { deadlineMs: DEADLINE_MS });
    const keys = cluster.masters.map((_master, index) => keyOn(index, cluster.masters.length));
    try {
      for (const key of keys) await waitUntil("it works at first", () => isCreated(backend, key));
      await body({ cluster, backend, keys });
    } finally {
      await open.close().catch(() => {});
    }
  } finally {
    await cluster.stop();
  }
}

/** A key in the share of the slots that the cluster's master of this index has. */
function keyOn(index: number, masters: number): string {
  for (let at = 0; ; at += 1) {
    const key = sessionKey(`${at}`);
    if (Math.floor((slotOf(`sess:${key}`) * masters) / 16_384) === index) return key;
  }
}

async function expectTyped(backend: Backend, key: string): Promise<void> {
  const begun = performance.now();
  expect(await refusal(backend, key)).toBeInstanceOf(BackendError);
  expect(performance.now() - begun).toBeLessThan(AMPLE_MS);
}

async function refusal(backend: Backend, key: string): Promise<Error> {
  const [read, write] = await Promise.allSettled([backend.read(key), backend.touch(key, LONG)]);
  expect([read.status, write.status]).toEqual(["rejected", "rejected"]);
  return (read as PromiseRejectedResult).reason as Error;
}

function works(backend: Backend, key: string): Promise<boolean> {
  return backend.touch(key, LONG).then(
    (outcome) => outcome === "ok",
    () => false,
  );
}

/** The server that was killed kept nothing; it answers all the same. */
function answers(backend: Backend, key: string): Promise<boolean> {
  return backend.read(key).then(
    () => true,
    () => false,
  );
}

async function isCreated(backend: Backend, key: string): Promise<boolean> {
  await backend.create(key, new Map([["n", "1"]]), LONG).catch(() => {});
  return works(backend, key);
}

function onAll(
  servers: readonly RedisServer[],
  ...command: readonly [name: string, ...args: (string | number)[]]
): Promise<readonly string[]> {
  return Promise.all(servers.map(({ port }) => redisCommand(port, ...command)));
}
