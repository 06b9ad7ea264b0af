import { isFunction, type Link, type Send } from "./link.ts";

interface Route {
  readonly type: "routeByAddress";
  readonly host: string;
  readonly port: number;
}

interface Glide {
  customCommand(
    command: readonly string[],
    options?: { readonly route?: Route | "randomNode" },
  ): Promise<unknown>;
}

export function isGlide(client: object): client is Glide {
  return "customCommand" in client && isFunction(client.customCommand);
}

/** valkey-glide: `GlideClient` and `GlideClusterClient`. */
export function glideLink(client: Glide): Link {
  const send: Send = (command) => client.customCommand(command);
  const isCluster = "invokeScriptWithRoute" in client;
  return {
    family: "valkey-glide",
    isCluster,
    // `readFrom` sends reads to replicas in its standalone mode, too.
    isOneServer: false,
    keyPrefix: "",
    send: (_key, command) => send(command),
    masters: isCluster ? () => clusterMasters(client) : async () => [send],
  };
}

async function clusterMasters(client: Glide): Promise<readonly Send[]> {
  const reply = await client.customCommand(["CLUSTER", "NODES"], { route: "randomNode" });
  return masterAddresses(String(reply)).map((route) => (command) => client.customCommand(command, { route }));
}

/** Lines of `id ip:port@bus[,hostname] flags …` (redis.io: CLUSTER NODES). */
function masterAddresses(nodes: string): Route[] {
  const routes: Route[] = [];
  for (const line of nodes.split("\n")) {
    const [, address = "", flags = ""] = line.split(" ");
    if (!flags.split(",").includes("master")) continue;
    const [endpoint = ""] = address.split("@");
    const colon = endpoint.lastIndexOf(":");
    const hostname = address.split(",")[1];
    const host = hostname === undefined || hostname === "" ? endpoint.slice(0, colon) : hostname;
    routes.push({ type: "routeByAddress", host, port: Number(endpoint.slice(colon + 1)) });
  }
  return routes;
}
