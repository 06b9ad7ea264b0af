import { GlideClient, GlideClusterClient, Logger } from "@valkey/valkey-glide";
import * as ioredis5 from "ioredis";
import * as ioredis6 from "ioredis6";
import * as iovalkey from "iovalkey";
import * as redis6 from "redis";
import * as redis4 from "redis4";
import * as redis5 from "redis5";
import type { RedisClient } from "../src/index.ts";

// It warns of each reply that is an error, those to scripts that a server does not know yet included.
Logger.setLoggerConfig("off");

export interface OpenClient {
  readonly client: RedisClient;
  close(): Promise<unknown>;
}

interface SentinelAddress {
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
}

/** One kind of client, and how it is opened on each topology that it has. */
export interface ClientFamily {
  readonly name: string;
  standalone(port: number): Promise<OpenClient>;
  cluster?(ports: readonly number[]): Promise<OpenClient>;
  sentinel?(address: SentinelAddress): Promise<OpenClient>;
}

const host = "127.0.0.1";

function ioredisFamily(name: string, module: typeof ioredis5): ClientFamily {
  const opened = async (client: InstanceType<typeof module.Redis> | InstanceType<typeof module.Cluster>) => {
    client.on("error", () => {});
    await client.ping();
    return { client, close: async () => client.disconnect() };
  };
  return {
    name,
    standalone: (port) => opened(new module.Redis(port, host)),
    cluster: (ports) => opened(new module.Cluster(ports.map((port) => ({ host, port })))),
    sentinel: ({ name, sentinels }) =>
      opened(new module.Redis({ name, sentinels: [...sentinels], failoverDetector: true })),
  };
}

/** What versions 5 and 6 of node-redis share and version 4 lacks: a pool and a sentinel client. */
interface NodeRedisModule {
  readonly createClient: typeof redis6.createClient;
  readonly createCluster: typeof redis6.createCluster;
}

interface Connectable {
  on(event: "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  close(): unknown;
  sendCommand(...args: never[]): unknown;
}

async function connected(client: Connectable): Promise<OpenClient> {
  client.on("error", () => {});
  await client.connect();
  return { client, close: async () => client.close() };
}

function nodeRedisFamily(name: string, module: typeof redis6): ClientFamily {
  return {
    ...nodeRedisBase(name, module),
    sentinel: ({ name, sentinels }) =>
      connected(module.createSentinel({ name, sentinelRootNodes: [...sentinels], scanInterval: 500 })),
  };
}

function nodeRedisBase(name: string, module: NodeRedisModule): ClientFamily {
  return {
    name,
    standalone: (port) => connected(module.createClient({ socket: { host, port } })),
    cluster: (ports) =>
      connected(module.createCluster({ rootNodes: ports.map((port) => ({ socket: { host, port } })) })),
  };
}

/** The suites send more at once than glide lets through by default: 1,000, each within 250 ms. */
const patience = { inflightRequestsLimit: 100_000, requestTimeout: 10_000 };

const glide: ClientFamily = {
  name: "valkey-glide 2",
  standalone: async (port) =>
    glideOpened(await GlideClient.createClient({ addresses: [{ host, port }], ...patience })),
  cluster: async (ports) =>
    glideOpened(
      await GlideClusterClient.createClient({
        addresses: ports.map((port) => ({ host, port })),
        ...patience,
      }),
    ),
};

function glideOpened(client: GlideClient | GlideClusterClient): OpenClient {
  return { client, close: async () => client.close() };
}

/** Version 4 closes with `disconnect`; its `quit` waits for ever where the client is just connecting anew. */
function version4(name: string): ClientFamily {
  const opened = async (client: {
    on(event: "error", listener: () => void): unknown;
    connect(): Promise<unknown>;
    disconnect(): Promise<unknown>;
    sendCommand(...args: never[]): unknown;
  }): Promise<OpenClient> => {
    client.on("error", () => {});
    await client.connect();
    return { client, close: () => client.disconnect() };
  };
  return {
    name,
    standalone: (port) => opened(redis4.createClient({ socket: { host, port } })),
    cluster: (ports) =>
      opened(redis4.createCluster({ rootNodes: ports.map((port) => ({ socket: { host, port } })) })),
  };
}

const pool: ClientFamily = {
  name: "node-redis 6 pool",
  standalone: (port) => connected(redis6.createClientPool({ socket: { host, port } }, { maximum: 4 })),
};

export const families: readonly ClientFamily[] = [
  ioredisFamily("ioredis 5", ioredis5),
  ioredisFamily("ioredis 6", ioredis6 as unknown as typeof ioredis5),
  ioredisFamily("iovalkey", iovalkey as unknown as typeof ioredis5),
  version4("node-redis 4"),
  nodeRedisFamily("node-redis 5", redis5 as unknown as typeof redis6),
  nodeRedisFamily("node-redis 6", redis6),
  pool,
  glide,
];
