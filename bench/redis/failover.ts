import { setTimeout as sleep } from "node:timers/promises";
import { type RedisClient, redisBackend } from "@unstick/redis";
import { waitUntil } from "@unstick/testbed";
import { type RedisSentinel, startRedisSentinel } from "@unstick/testbed/redis-sentinel";
import { Redis } from "ioredis";
import { createSentinel } from "redis";

const LONG = { idleMs: 600_000 };
const WRITERS = 8;

export interface Opened {
  readonly client: RedisClient;
  close(): unknown;
}

/** How a client is opened over Sentinel, by the options that docs/redis.md recommends. */
export const clients: Readonly<Record<string, (of: RedisSentinel) => Promise<Opened>>> = {
  "ioredis 5, failoverDetector": async (of) => openIoredis(of, { failoverDetector: true }),
  "ioredis 5, socketTimeout 1500": async (of) => openIoredis(of, { socketTimeout: 1_500 }),
  "node-redis 6, scanInterval 500": async ({ name, sentinels }) => {
    const client = createSentinel({ name, sentinelRootNodes: [...sentinels], scanInterval: 500 });
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.destroy() };
  },
};

async function openIoredis({ name, sentinels }: RedisSentinel, detector: object): Promise<Opened> {
  const client = new Redis({
    name,
    sentinels: [...sentinels],
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(attempt * 50, 500),
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    ...detector,
  });
  client.on("error", () => {});
  await client.ping();
  return { client, close: () => client.disconnect() };
}

export type Fault = "killed" | "stopped for 9 s";

export interface Failover {
  /** The longest time without an acknowledged write, in milliseconds. */
  readonly gapMs: number;
  readonly acknowledged: number;
  readonly lost: number;
}

/** Writers count in sessions of their own; what was acknowledged is compared with what the new master has. */
export async function measureFailover(
  open: (of: RedisSentinel) => Promise<Opened>,
  fault: Fault,
): Promise<Failover> {
  const sentinel = await startRedisSentinel(1_000);
  try {
    const { client, close } = await open(sentinel);
    const writing = startWriters(client);
    await waitUntil("writes are acknowledged", () => writing.acknowledged.every((count) => count > 50));
    await breakMaster(sentinel, fault);
    const before = sum(writing.acknowledged);
    await waitUntil("writes go on", () => sum(writing.acknowledged) > before + 200, 30_000);
    await sleep(2_000);
    await writing.stop();
    await close();
    const stored = await readCounts(sentinel);
    const lost = sum(writing.acknowledged.map((count, at) => Math.max(0, count - (stored[at] ?? 0))));
    return { gapMs: writing.gapMs(), acknowledged: sum(writing.acknowledged), lost };
  } finally {
    await sentinel.stop();
  }
}

async function breakMaster({ master }: RedisSentinel, fault: Fault): Promise<void> {
  if (fault === "killed") return master.kill();
  master.pause();
  await sleep(9_000);
  master.resume();
  await sleep(5_000);
}

interface Writing {
  readonly acknowledged: readonly number[];
  gapMs(): number;
  stop(): Promise<unknown>;
}

function startWriters(client: RedisClient): Writing {
  const backend = redisBackend(client);
  const acknowledged: number[] = Array(WRITERS).fill(0);
  let isRunning = true;
  let last = performance.now();
  let gap = 0;
  const write = async (at: number): Promise<void> => {
    while ((await backend.create(keyOf(at), new Map(), LONG).catch(() => "late")) === "late");
    for (let sequence = 1; isRunning; sequence += 1) {
      const token = { writer: `w${at}`, sequence };
      const answer = await backend
        .update(keyOf(at), { add: new Map([["n", 1]]) }, LONG, token)
        .catch(() => null);
      if (answer?.outcome !== "ok") await sleep(20);
      else {
        const now = performance.now();
        if (sum(acknowledged) > 0) gap = Math.max(gap, now - last);
        last = now;
        acknowledged[at] = (acknowledged[at] ?? 0) + 1;
      }
    }
  };
  const writers = Promise.all(acknowledged.map((_count, at) => write(at)));
  return {
    acknowledged,
    gapMs: () => gap,
    stop: () => {
      isRunning = false;
      return writers;
    },
  };
}

/** As the server says that took over. */
async function readCounts({ replica }: RedisSentinel): Promise<readonly number[]> {
  const direct = new Redis(replica.port, replica.host, { socketTimeout: 5_000 });
  try {
    const backend = redisBackend(direct, { deadlineMs: 5_000 });
    const sessions = await Promise.all(Array.from({ length: WRITERS }, (_, at) => backend.read(keyOf(at))));
    return sessions.map((session) => Number(session?.attributes.get("n") ?? 0));
  } finally {
    direct.disconnect();
  }
}

function keyOf(at: number): string {
  return `${at}`.padStart(43, "k");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
