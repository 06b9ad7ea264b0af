import { isFunction, type Link, type Send } from "./link.ts";

interface Client {
  readonly isReady?: boolean;
  connect?(): Promise<unknown>;
  /** Version 5 and later. */
  destroy?(): void;
  /** Version 4. */
  disconnect?(): Promise<void>;
  sendCommand(command: readonly string[], options?: object): Promise<unknown>;
}

interface Sentinel {
  sendCommand(isReadonly: boolean, command: readonly string[], options?: object): Promise<unknown>;
}

interface Cluster {
  readonly masters: readonly object[];
  nodeClient(node: object): Client | Promise<Client>;
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    command: readonly string[],
    options?: object,
  ): Promise<unknown>;
}

/** Whatever types the application maps replies to, ours come in the client's plain ones. */
const options = { typeMapping: {} };

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
  const family = "node-redis";
  const keyPrefix = "";
  if (isCluster(client)) {
    return {
      family,
      keyPrefix,
      isCluster: true,
      send: (key, command) => client.sendCommand(key, false, command, options),
      masters: () => Promise.all(client.masters.map(async (node) => sender(await client.nodeClient(node)))),
    };
  }
  const send = isSentinel(client) ? sentinelSender(client) : sender(client);
  const link = {
    family,
    keyPrefix,
    isCluster: false,
    send: (_key: string, command: readonly string[]) => send(command),
    masters: async () => [send],
  } as const;
  return isSingle(client) ? { ...link, reconnect: () => reconnectClient(client) } : link;
}

function sender(client: Client): Send {
  const plain = withoutLegacyMode(client);
  return (command) => plain.sendCommand(command, plain.isReady === true ? unqueued : options);
}

function sentinelSender(client: Sentinel): Send {
  return (command) => client.sendCommand(false, command, options);
}

/** Neither a pool (`execute`) nor a sentinel: a client with one connection. */
function isSingle(client: Client | Sentinel): client is Client {
  return !isSentinel(client) && !("execute" in client) && "isReady" in client;
}

function reconnectClient(client: Client): boolean {
  if (!client.isReady || client.connect === undefined) return false;
  const closed = client.destroy === undefined ? client.disconnect?.() : client.destroy();
  // Its own reconnectStrategy goes on trying; what it gives up on it tells its 'error' listeners.
  Promise.resolve(closed)
    .then(() => client.connect?.())
    .catch(() => {});
  return true;
}

/** In `legacyMode` of version 4 `sendCommand` takes a callback, and the promises are under `v4`. */
function withoutLegacyMode(client: Client): Client {
  try {
    return "v4" in client ? (client.v4 as Client) : client;
  } catch {
    // Not in that mode the getter throws.
    return client;
  }
}

function isCluster(client: object): client is Cluster {
  return "masters" in client && "nodeClient" in client && isFunction(client.nodeClient);
}

function isSentinel(client: object): client is Sentinel {
  return "getSentinelNode" in client && isFunction(client.getSentinelNode);
}
