import { type Corkable, Gathering } from "./gather.ts";
import { isFunction, type Link, type Send } from "./link.ts";

interface Ioredis {
  call(name: string, args: readonly string[]): Promise<unknown>;
  readonly status?: string;
  readonly stream?: Corkable | null;
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
    return { ...common, isCluster: false, isOneServer: true, masters: async () => [send], reconnect };
  }
  return {
    ...common,
    isCluster: true,
    isOneServer: false,
    masters: async () => client.nodes("master").map(sender),
  };
}

function reconnectClient(client: Ioredis): boolean {
  if (client.status !== "ready" || client.disconnect === undefined) return false;
  client.disconnect(true);
  return true;
}

function sender(client: Ioredis): Send {
  const gathering = new Gathering(() =>
    (isCluster(client) ? client.nodes("master") : [client]).map(streamOf),
  );
  return (command) => gathering.send(() => client.call(command[0] ?? "", command.slice(1)));
}

/** Absent before the first connection; whatever cannot be corked writes as it does. */
function streamOf({ stream }: Ioredis): Corkable | undefined {
  return typeof stream?.cork === "function" && typeof stream.uncork === "function" ? stream : undefined;
}

function isCluster(client: Ioredis): client is IoredisCluster {
  return "nodes" in client && isFunction(client.nodes);
}
