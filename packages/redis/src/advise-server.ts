import type { Advice } from "./advice.ts";
import { Caller } from "./caller.ts";
import type { RedisClient, Send } from "./clients/link.ts";
import { linkClient } from "./clients/link-client.ts";
import { DEFAULTS } from "./options.ts";
import { replyText } from "./reply.ts";

/**
 * What could be better about the settings of the servers, asked of each master with `INFO`: for a check at
 * start-up or in a deployment, never for a request path. Needs the right to `INFO`.
 *
 * @throws {OptionError} on a client that cannot be used.
 * @throws {BackendError} when a server does not answer.
 */
export async function adviseServer(client: RedisClient): Promise<readonly Advice[]> {
  const link = linkClient(client);
  const caller = new Caller(link, DEFAULTS);
  const found = new Map<string, Advice>();
  for (const send of await caller.run("adviseServer", () => link.masters())) {
    for (const advice of judge(await readInfo(caller, send))) found.set(advice.code, advice);
  }
  return [...found.values()];
}

async function readInfo(caller: Caller, send: Send): Promise<ReadonlyMap<string, string>> {
  const info = new Map<string, string>();
  for (const section of ["server", "memory"]) {
    const text = replyText(await caller.run("adviseServer", () => send(["INFO", section])));
    for (const line of text.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) info.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return info;
}

function judge(info: ReadonlyMap<string, string>): Advice[] {
  const found: Advice[] = [];
  const [major = 0, minor = 0] = (info.get("redis_version") ?? "").split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 2)) found.push({ code: "server-too-old", text: TOO_OLD });
  const policy = info.get("maxmemory_policy") ?? "";
  if (policy.startsWith("allkeys-")) found.push({ code: "eviction-takes-any", text: TAKES_ANY });
  else if (info.get("maxmemory") === "0") found.push({ code: "memory-without-limit", text: WITHOUT_LIMIT });
  else if (policy !== "volatile-ttl") found.push({ code: "eviction-not-by-ttl", text: NOT_BY_TTL });
  return found;
}

const TOO_OLD = "Redis 6.2 or later is needed (COPY, GETDEL)";
const TAKES_ANY =
  "maxmemory-policy allkeys-… evicts sessions as it would a cache, the logged-in ones included; give sessions " +
  "a server of their own with volatile-ttl";
const WITHOUT_LIMIT = "maxmemory is not set: a flood of sessions takes all the machine's memory";
const NOT_BY_TTL =
  "with volatile-ttl a full server gives up the sessions that end soonest; other policies evict logged-in " +
  "sessions in a flood of anonymous ones, or refuse writes (noeviction)";
