import { serverWord } from "../failure.ts";
import { slotOf } from "../slot.ts";
import { isFunction, type Link, type Send } from "./link.ts";
import { isClient4, ownConnection } from "./own-connection.ts";

interface Client {
  readonly isReady?: boolean;
  connect?(): Promise<unknown>;
  destroy?(): void;
  sendCommand(command: readonly string[], options?: object): Promise<unknown>;
}

interface Sentinel {
  sendCommand(isReadonly: boolean, command: readonly string[], options?: object): Promise<unknown>;
}

interface Cluster {
  readonly isOpen: boolean;
  readonly masters: readonly object[];
  readonly slots: readonly ({ readonly master: object } | undefined)[];
  nodeClient(node: object): Client | Promise<Client>;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean,
    command: readonly string[],
    options?: object,
  ): Promise<unknown>;
}

/** Of a reply's type in RESP3: a map, which is to come as a list, as in RESP2. */
const MAP = 37;

/** Whatever types the application maps replies to, ours come in the client's plain ones. */
const options = { typeMapping: { [MAP]: Array } };

/**
 * Version 6 gives each command 5 s by default to leave the queue, by an AbortSignal that costs as much as the
 * rest of the call. Where the client is connected there is no queue, and calls here have a deadline anyway.
 */
const unqueued = { ...options, timeout: undefined };

export function isNodeRedis(client: object): client is Client {
  return "sendCommand" in client && isFunction(client.sendCommand);
}

/** node-redis 4, 5 and 6: client, pool, cluster and sentinel. Its `keyPrefix` does not reach raw commands. */
export function nodeRedisLink(client: Client | Cluster | Sentinel): Link {
  const common = { family: "node-redis", keyPrefix: "" } as const;
  if (isCluster(client)) {
    return {
      ...common,
      isCluster: true,
      isOneServer: false,
      send: "destroy" in client ? clusterSender(client) : cluster4Sender(client),
      masters: () => Promise.all(client.masters.map((node) => nodeSender(client, node))),
    };
  }
  const send = isSentinel(client) ? sentinelSender(client) : sender(client);
  const link = {
    ...common,
    isCluster: false,
    isOneServer: true,
    send: (_key: string, command: readonly string[]) => send(command),
    masters: async () => [send],
  } as const;
  if (isClient4(client)) return { ...link, reconnect: () => ownConnection(client).reconnect() };
  return isSingle(client) ? { ...link, reconnect: () => reconnectClient(client) } : link;
}

function sender(client: Client): Send {
  if (isClient4(client)) return ownConnection(client).send;
  return (command) => client.sendCommand(command, client.isReady === true ? unqueued : options);
}

async function nodeSender(cluster: Cluster, node: object): Promise<Send> {
  const client = await cluster.nodeClient(node);
  return isClient4(client) ? ownConnection(client, cluster).send : sender(client);
}

function clusterSender(client: Cluster): Link["send"] {
  return (key, command) => client.sendCommand(key, false, command, options);
}

/**
 * The cluster of version 4 knows where to; what goes there goes over a connection of our own, as for a client. Of a slot
 * that was nobody's when it looked it throws a TypeError for ever; without a key it asks any node, whose
 * `MOVED` makes it look again.
 */
function cluster4Sender(client: Cluster): Link["send"] {
  return async (key, command) => {
    const node = client.slots[slotOf(key)]?.master;
    if (node === undefined) return client.sendCommand(undefined, false, command, options);
    const send = await nodeSender(client, node);
    return send(command).catch((error: unknown) => {
      if (REDIRECTIONS.has(serverWord(error))) return client.sendCommand(key, false, command, options);
      throw error;
    });
  };
}

const REDIRECTIONS: ReadonlySet<string> = new Set(["MOVED", "ASK"]);

function sentinelSender(client: Sentinel): Send {
  return (command) => client.sendCommand(false, command, options);
}

/** Neither a pool (`execute`) nor a sentinel: a client with one connection. */
function isSingle(client: Client | Sentinel): client is Client {
  return !isSentinel(client) && !("execute" in client) && "isReady" in client;
}

function reconnectClient(client: Client): boolean {
  if (!client.isReady || client.connect === undefined || client.destroy === undefined) return false;
  client.destroy();
  // Its own reconnectStrategy goes on trying; what it gives up on it tells its 'error' listeners.
  client.connect().catch(() => {});
  return true;
}

function isCluster(client: object): client is Cluster {
  return "masters" in client && "nodeClient" in client && isFunction(client.nodeClient);
}

function isSentinel(client: object): client is Sentinel {
  return "getSentinelNode" in client && isFunction(client.getSentinelNode);
}
