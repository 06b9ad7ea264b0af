import { isFunction, type Link, type Send } from "./link.ts";

interface Ioredis {
  call(name: string, args: readonly string[]): Promise<unknown>;
  readonly status?: string;
  disconnect?(reconnect: boolean): void;
  readonly options?: { readonly keyPrefix?: string | Buffer };
}

interface IoredisCluster extends Ioredis {
  nodes(role: "master"): readonly Ioredis[];
}

export function isIoredis(client: object): client is Ioredis {
  return "call" in client && isFunction(client.call);
}

/** ioredis 5 and 6, iovalkey, and their `Cluster`. */
export function ioredisLink(client: Ioredis): Link {
  const send = sender(client);
  const common = {
    family: "ioredis" as const,
    keyPrefix: String(client.options?.keyPrefix ?? ""),
    send: (_key: string, command: readonly string[]) => send(command),
  };
  if (!isCluster(client)) {
    const reconnect = (): boolean => reconnectClient(client);
    return { ...common, isCluster: false, masters: async () => [send], reconnect };
  }
  return { ...common, isCluster: true, masters: async () => client.nodes("master").map(sender) };
}

function reconnectClient(client: Ioredis): boolean {
  if (client.status !== "ready" || client.disconnect === undefined) return false;
  client.disconnect(true);
  return true;
}

function sender(client: Ioredis): Send {
  return (command) => client.call(command[0] ?? "", command.slice(1));
}

function isCluster(client: Ioredis): client is IoredisCluster {
  return "nodes" in client && isFunction(client.nodes);
}
