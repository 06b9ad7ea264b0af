import { ownErrorListeners } from "./client-errors.ts";

/** Something about a client or a server that will cost when the server or the network fails. */
export interface Advice {
  /** Stable, for whoever wants to silence one. */
  readonly code:
    | "sentinel-without-detector"
    | "no-error-listener"
    | "not-connected"
    | "no-socket-timeout"
    | "readonly-not-followed"
    | "server-too-old"
    | "memory-without-limit"
    | "eviction-takes-any"
    | "eviction-not-by-ttl";
  readonly text: string;
}

interface Known {
  readonly status?: unknown;
  readonly isOpen?: unknown;
  readonly options?: unknown;
  listenerCount?(event: "error"): number;
}

/**
 * What could be better about a client. The backend asks itself at construction, refuses the first kind and
 * publishes the others on `unstick.redis.advice`; tests and start-up checks can ask, too.
 */
export function adviseClient(client: object): readonly Advice[] {
  const known: Known = client;
  const advice = "call" in client ? adviseIoredis(known) : [];
  if ("sendCommand" in client && !("call" in client)) advice.push(...adviseNodeRedis(known));
  return advice;
}

function adviseIoredis({ options, status }: Known): Advice[] {
  const set = record(options);
  const found: Advice[] = [];
  if (Array.isArray(set.sentinels) && set.sentinels.length > 0) {
    if (set.failoverDetector !== true && !isDuration(set.socketTimeout)) {
      found.push({ code: "sentinel-without-detector", text: SENTINEL });
    }
  } else if ("socketTimeout" in set || status !== undefined) {
    if (!isDuration(set.socketTimeout)) found.push({ code: "no-socket-timeout", text: SOCKET });
  }
  if (typeof set.reconnectOnError !== "function") {
    found.push({ code: "readonly-not-followed", text: READONLY });
  }
  return found;
}

function adviseNodeRedis(client: Known): Advice[] {
  const found: Advice[] = [];
  // Ours does not count: it keeps the process alive, and tells nobody who has not subscribed.
  const listeners = (client.listenerCount?.("error") ?? 1) - ownErrorListeners(client);
  if (listeners < 1) found.push({ code: "no-error-listener", text: LISTENER });
  if (client.isOpen === false) found.push({ code: "not-connected", text: CONNECT });
  return found;
}

function record(options: unknown): Record<string, unknown> {
  return typeof options === "object" && options !== null ? { ...options } : {};
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

const SENTINEL =
  "ioredis over Sentinel needs failoverDetector: true or a socketTimeout: without both it goes on writing to " +
  "a master that hung and was replaced, and those writes are lost";
const SOCKET =
  "ioredis without socketTimeout does not notice a half-open connection; set one, such as 1500 (ms)";
const READONLY =
  "ioredis without reconnectOnError keeps a connection to a server that became a replica; set " +
  'reconnectOnError: (error) => error.message.startsWith("READONLY")';
const LISTENER =
  "node-redis without a listener for 'error' ends the process when the connection breaks; add " +
  'client.on("error", …)';
const CONNECT =
  "this node-redis client is not connected; call await client.connect() before the first request";
