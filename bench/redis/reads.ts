import { type RedisClient, redisBackend } from "@unstick/redis";
import { redisCommand } from "@unstick/testbed/redis-command";
import { RedisStore } from "connect-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";

const PARALLEL = 32;
const key = "k".repeat(43);

/** A session of eight attributes of 24 bytes. */
const attributes: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 8 }, (_, at) => [`name${at}`, JSON.stringify("v".repeat(22))]),
);
const session = Object.fromEntries([...attributes].map(([name, json]) => [name, JSON.parse(json)]));

/** One way to read a session, over one client. */
export interface Reader {
  readonly name: string;
  readonly client: "ioredis 5" | "node-redis 6";
  /** What the server counts its work under. */
  readonly command: "hgetall" | "get";
  read(): Promise<unknown>;
}

export interface Sample {
  readonly perSecond: number;
  readonly clientMicroseconds: number;
  readonly serverMicroseconds: number;
}

/** Ours over both clients, connect-redis 9 over the one that it takes, and GET with JSON.parse over the other. */
export async function openReaders(port: number): Promise<{ readers: readonly Reader[]; close(): void }> {
  const ioredis = new Redis(port, "127.0.0.1");
  const nodeRedis = createClient({ socket: { host: "127.0.0.1", port } });
  nodeRedis.on("error", () => {});
  await nodeRedis.connect();
  const store = new RedisStore({ client: nodeRedis, prefix: "peer:" });
  await store.set("a", { ...session, cookie: { originalMaxAge: null } } as never);
  const ours = async (client: RedisClient): Promise<() => Promise<unknown>> => {
    const backend = redisBackend(client);
    await backend.create(key, attributes, { idleMs: 3_600_000 });
    return () => backend.read(key);
  };
  const parsed = async (): Promise<unknown> => JSON.parse((await ioredis.get("peer:a")) ?? "null");
  return {
    readers: [
      { name: "backend.read", client: "ioredis 5", command: "hgetall", read: await ours(ioredis) },
      { name: "GET and JSON.parse", client: "ioredis 5", command: "get", read: parsed },
      { name: "backend.read", client: "node-redis 6", command: "hgetall", read: await ours(nodeRedis) },
      { name: "connect-redis get", client: "node-redis 6", command: "get", read: () => store.get("a") },
    ],
    close: () => {
      ioredis.disconnect();
      nodeRedis.destroy();
    },
  };
}

/** Read `count` times, 32 at once. */
export async function sample(port: number, { read, command }: Reader, count: number): Promise<Sample> {
  await redisCommand(port, "CONFIG", "RESETSTAT");
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let left = count;
  const reading = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      if ((await read()) === null) throw new Error("the session is not there");
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, reading));
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const statistics = await redisCommand(port, "INFO", "commandstats");
  const perCall = new RegExp(`cmdstat_${command}:.*?usec_per_call=([\\d.]+)`).exec(statistics)?.[1];
  return {
    perSecond: count / seconds,
    clientMicroseconds: (user + system) / count,
    serverMicroseconds: Number(perCall),
  };
}
