import type { RedisServer } from "@unstick/testbed";
import type { FaultProxy } from "@unstick/testbed/fault-proxy";
import { Redis } from "ioredis";

/** A Redis of its own that will fail, and the way to it. */
export interface Broken {
  readonly redis: RedisServer;
  readonly proxy: FaultProxy;
}

/** One cause for which a session is not stored, or not in time. */
export interface Outage {
  readonly name: string;
  /** `round`: how often this has happened to it before. */
  begin(broken: Broken, round: number): Promise<void>;
  end(broken: Broken): Promise<void>;
}

/** Persistence, so that what was acknowledged before a SIGKILL can be read after it. */
export const REDIS_ARGS: readonly string[] = ["--appendonly", "yes", "--appendfsync", "always"];

/** Each way: too slow for `OUTAGE_DEADLINE_MS`, in time, and on the edge. */
const SLOW_MS = [220, 100, 150] as const;

export const outages: readonly Outage[] = [
  {
    name: "store full (maxmemory, noeviction)",
    begin: ({ redis }) => configure(redis, "maxmemory", "1"),
    end: ({ redis }) => configure(redis, "maxmemory", "0"),
  },
  {
    name: "store killed (SIGKILL)",
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.restart(),
  },
  {
    name: "store hung (SIGSTOP)",
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
  },
  {
    name: "store slow (a round trip of 200, 300 or 440 ms, a deadline of 300)",
    begin: async ({ proxy }, round) => proxy.set({ delayMs: SLOW_MS[round % SLOW_MS.length] ?? 0 }),
    end: async ({ proxy }) => proxy.set({}),
  },
];

async function configure(redis: RedisServer, name: string, value: string): Promise<void> {
  const client = new Redis(redis.url);
  await client.config("SET", name, value);
  client.disconnect();
}
