import { freePort, waitUntil } from "./ports.ts";
import { redisCommand } from "./redis-command.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";

const SLOTS = 16_384;

/** The nodes' own talk is on the port that many above a node's (redis.io, cluster tutorial); 6.2 knows no other. */
const BUS_APART = 10_000;

/** A cluster of masters, each with its share of the slots. */
export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** Move a slot with all its keys from one master to another, as an operator's resharding does. */
  moveSlot(slot: number, from: RedisServer, to: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

/** Start a cluster of `size` masters on loopback; resolves when each of them answers for all slots. */
export async function startRedisCluster(size = 3, args: readonly string[] = []): Promise<RedisCluster> {
  const servers = await Promise.all(Array.from({ length: size }, () => startNode(args)));
  await Promise.all(servers.map((server, index) => giveSlots(server, index, size)));
  const [first, ...others] = servers;
  for (const { port } of others) await redisCommand(first!.port, "CLUSTER", "MEET", "127.0.0.1", port);
  await waitUntil("all nodes of the cluster agree", async () => {
    const states = await Promise.all(servers.map(({ port }) => redisCommand(port, "CLUSTER", "INFO")));
    // Where it need not know of all slots, a node is "ok" before it does, and a client may not ask it again.
    const agreed = ["cluster_state:ok", `cluster_slots_ok:${SLOTS}`, `cluster_known_nodes:${size}`];
    return states.every((state) => agreed.every((line) => state.includes(line)));
  });
  return {
    masters: servers,
    moveSlot: (slot, from, to) => moveSlot(servers, { slot, from, to }),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

async function startNode(args: readonly string[]): Promise<RedisServer> {
  const own = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  return startRedis([...own, ...args], await freePort(BUS_APART));
}

async function giveSlots({ port }: RedisServer, index: number, size: number): Promise<void> {
  const from = Math.ceil((SLOTS * index) / size);
  const to = Math.ceil((SLOTS * (index + 1)) / size);
  await redisCommand(port, "CLUSTER", "SET-CONFIG-EPOCH", index + 1);
  // Each by its number: ranges came with Redis 7.0.
  const slots = Array.from({ length: to - from }, (_, at) => from + at);
  await redisCommand(port, "CLUSTER", "ADDSLOTS", ...slots);
}

interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
}

/**
 * redis.io, cluster specification: importing first, then migrating, the keys, and the owner last. Resolves when all
 * masters agree on the owner: a slot that moves on before that can end at a node that hears of an older claim with
 * an equal epoch, and drops the slot's keys.
 */
async function moveSlot(masters: readonly RedisServer[], { slot, from, to }: SlotMove): Promise<void> {
  const [fromId, toId] = await Promise.all([nodeId(from), nodeId(to)]);
  await redisCommand(to.port, "CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
  await redisCommand(from.port, "CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
  for (;;) {
    const keys = lines(await redisCommand(from.port, "CLUSTER", "GETKEYSINSLOT", slot, 100)).filter(isData);
    if (keys.length === 0) break;
    await redisCommand(from.port, "MIGRATE", "127.0.0.1", to.port, "", 0, 5_000, "KEYS", ...keys);
  }
  const others = masters.filter((master) => master !== from && master !== to);
  for (const server of [to, from, ...others])
    await redisCommand(server.port, "CLUSTER", "SETSLOT", slot, "NODE", toId);
  await waitUntil("all nodes agree on the slot's owner", async () => {
    const claims = await Promise.all(masters.map((master) => claimOf(master, slot)));
    return claims.every((claim) => claim.startsWith(toId) && claim === claims[0]);
  });
}

/** The owner of a slot as one master sees it: its id and the epoch of its claim. */
async function claimOf(master: RedisServer, slot: number): Promise<string> {
  for (const line of (await redisCommand(master.port, "CLUSTER", "NODES")).split("\n")) {
    const [id = "", , , , , , epoch, , ...slots] = line.split(" ");
    if (slots.some((range) => isWithin(range, slot))) return `${id} ${epoch}`;
  }
  return "";
}

/** `range` is `7` or `0-5461`; a slot on its way, `[7->-id]`, is no claim. */
function isWithin(range: string, slot: number): boolean {
  const [first, last = first] = range.split("-");
  return !range.startsWith("[") && Number(first) <= slot && slot <= Number(last);
}

async function nodeId(server: RedisServer): Promise<string> {
  return lines(await redisCommand(server.port, "CLUSTER", "MYID"))[1] ?? "";
}

function lines(reply: string): string[] {
  return reply.split("\r\n");
}

function isData(line: string): boolean {
  return line !== "" && !/^[*$]\d/.test(line);
}
