import { Redis } from "ioredis";
import { createClient } from "redis";
import { DEADLINE_MS, type InstanceOptions, OUTAGE_DEADLINE_MS } from "../subjects.ts";

const RETRY_MS = 50;

/** Who keeps sessions with the peers' stores sets a time limit at the client, where one is to be had. */
export function openIoredis(url: string, { hasOutages = false, subject }: InstanceOptions): Redis {
  const limit = subject === "koa-redis" ? { commandTimeout: OUTAGE_DEADLINE_MS } : {};
  const client = new Redis(url, hasOutages ? { ...limit, retryStrategy: () => RETRY_MS } : {});
  client.on("error", hasOutages ? () => undefined : console.error);
  return client;
}

type NodeRedis = ReturnType<typeof createClient>;

export async function openNodeRedis(
  url: string,
  { hasOutages = false, subject }: InstanceOptions,
): Promise<NodeRedis> {
  const commandOptions = subject === "connect-redis" ? { timeout: OUTAGE_DEADLINE_MS } : {};
  const client = hasOutages
    ? createClient({ url, commandOptions, socket: { reconnectStrategy: () => RETRY_MS } })
    : createClient({ url });
  client.on("error", hasOutages ? () => undefined : console.error);
  await client.connect();
  return client as NodeRedis;
}

/** What our stores and middlewares are told. */
export function ourPolicy({ hasOutages = false }: InstanceOptions): {
  deadlineMs: number;
  attributes: { count: "counter" };
} {
  return {
    deadlineMs: hasOutages ? OUTAGE_DEADLINE_MS : DEADLINE_MS,
    attributes: { count: "counter" },
  };
}
