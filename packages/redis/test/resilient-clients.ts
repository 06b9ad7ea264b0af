import { GlideClient, Logger } from "@valkey/valkey-glide";
import * as ioredis5 from "ioredis";
import * as ioredis6 from "ioredis6";
import * as iovalkey from "iovalkey";
import * as redis6 from "redis";
import * as redis4 from "redis4";
import * as redis5 from "redis5";
import type { RedisClient } from "../src/index.ts";
import type { OpenClient } from "./client-families.ts";

Logger.setLoggerConfig("off");

const host = "127.0.0.1";
const retryAfter = (attempt: number): number => Math.min(attempt * 50, 500);

/** The clients with the options that docs/redis.md recommends. */
export interface ResilientClient {
  readonly name: string;
  /** Nothing tells it that a connection is half-open but TCP, after minutes, and it cannot be told. */
  readonly staysHalfOpen?: boolean;
  open(port: number): Promise<OpenClient>;
}

function resilientIoredis(name: string, module: typeof ioredis5): ResilientClient {
  return {
    name,
    open: async (port) => {
      const client = new module.Redis(port, host, {
        socketTimeout: 1_500,
        connectTimeout: 2_000,
        maxRetriesPerRequest: 1,
        retryStrategy: retryAfter,
        reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
      });
      client.on("error", () => {});
      await client.ping();
      return { client, close: async () => client.disconnect() };
    },
  };
}

interface Connectable {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(...args: never[]): unknown;
}

async function connected(client: Connectable & RedisClient, close: () => unknown): Promise<OpenClient> {
  client.on("error", () => {});
  await client.connect();
  return { client, close: async () => close() };
}

function resilientNodeRedis(name: string, module: typeof redis6): ResilientClient {
  return {
    name,
    open: (port) => {
      const client = module.createClient({
        socket: { host, port, socketTimeout: 1_500, connectTimeout: 2_000, reconnectStrategy: retryAfter },
      });
      return connected(client, () => client.destroy());
    },
  };
}

export const resilientClients: readonly ResilientClient[] = [
  resilientIoredis("ioredis 5", ioredis5),
  resilientIoredis("ioredis 6", ioredis6 as unknown as typeof ioredis5),
  resilientIoredis("iovalkey", iovalkey as unknown as typeof ioredis5),
  {
    name: "node-redis 4",
    open: (port) => {
      const client = redis4.createClient({
        socket: { host, port, connectTimeout: 2_000, reconnectStrategy: retryAfter },
      });
      return connected(client, () => client.disconnect().catch(() => {}));
    },
  },
  resilientNodeRedis("node-redis 5", redis5 as unknown as typeof redis6),
  resilientNodeRedis("node-redis 6", redis6),
  {
    name: "valkey-glide 2",
    staysHalfOpen: true,
    open: async (port) => {
      const client = await GlideClient.createClient({
        addresses: [{ host, port }],
        requestTimeout: 500,
        connectionBackoff: { numberOfRetries: 5, factor: 50, exponentBase: 2 },
      });
      return { client, close: async () => client.close() };
    },
  },
];
