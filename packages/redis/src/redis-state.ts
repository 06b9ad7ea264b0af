import type { SharedState, TakeOutcome } from "@unstick/session";
import type { Caller } from "./caller.ts";
import type { RedisClient } from "./clients/link.ts";
import { REPLY } from "./lua/record.ts";
import { TAKE, VALUE_MARK } from "./lua/state-scripts.ts";
import { openCaller } from "./open-caller.ts";
import { checkOptions, DEFAULTS, type RedisOptions } from "./options.ts";
import { replyList, replyNumber, replyText } from "./reply.ts";
import { scanKeys } from "./scan.ts";

/**
 * Shared state on Redis 6.2 or later, or Valkey, through the client that the application has.
 *
 * @throws {OptionError} on an unknown or wrong option, and on a client that cannot be used.
 */
export function redisState(client: RedisClient, options: RedisOptions = {}): SharedState {
  const checked = checkOptions(options, DEFAULTS.statePrefix);
  const caller = openCaller(client, checked);
  const { prefix } = checked;
  const command = <T>(
    verb: string,
    name: string,
    key: string,
    args: string[],
    decode: (reply: unknown) => T,
  ) => caller.command(verb, prefix + key, [name, prefix + key, ...args], decode);
  return {
    add: (key, value, lifetimeMs) =>
      lifetimeMs > 0
        ? command("add", "SET", key, [VALUE_MARK + value, "PX", String(lifetimeMs), "NX"], isPresent)
        : command("add", "EXISTS", key, [], (reply) => replyNumber(reply) === 0),
    put: (key, value, lifetimeMs) =>
      lifetimeMs > 0
        ? command("put", "SET", key, [VALUE_MARK + value, "PX", String(lifetimeMs)], () => undefined)
        : command("put", "UNLINK", key, [], () => undefined),
    get: (key) => command("get", "GET", key, [], liveValue),
    take: (key, options) => takeValue(caller, prefix + key, options?.tombstoneMs ?? 0),
    remove: (key) => command("remove", "GETDEL", key, [], (reply) => liveValue(reply) !== null),
    keys: (start) => liveKeys(caller, prefix, start),
  };
}

function takeValue(caller: Caller, key: string, tombstoneMs: number): Promise<TakeOutcome> {
  return caller.script("take", TAKE, [key], [String(tombstoneMs)], (raw) => {
    const [code, value] = replyList(raw);
    if (replyNumber(code) === REPLY.ok) return { outcome: "taken", value: replyText(value) };
    return { outcome: replyNumber(code) === REPLY.gone ? "unknown" : "used" };
  });
}

async function* liveKeys(caller: Caller, prefix: string, start: string): AsyncGenerator<string> {
  for await (const keys of scanKeys(caller, prefix + start)) {
    const live = await Promise.all(keys.map((key) => isLive(caller, key)));
    for (const [at, key] of keys.entries()) if (live[at]) yield key.slice(prefix.length);
  }
}

/** Whoever has a longer prefix that begins like ours may keep anything there. */
function isLive(caller: Caller, key: string): Promise<boolean> {
  const first = ["GETRANGE", key, "0", "0"];
  return caller
    .command("enumerate", key, first, (reply) => replyText(reply) === VALUE_MARK)
    .catch((error: { readonly code?: string }) => {
      if (error.code === "ERR_UNSTICK_DAMAGED") return false;
      throw error;
    });
}

function liveValue(reply: unknown): string | null {
  if (!isPresent(reply)) return null;
  const stored = replyText(reply);
  return stored.startsWith(VALUE_MARK) ? stored.slice(VALUE_MARK.length) : null;
}

function isPresent(reply: unknown): boolean {
  return reply !== null && reply !== undefined;
}
