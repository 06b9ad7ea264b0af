import type { ServerStatistics } from "@unstick/session";
import type { Caller } from "./caller.ts";
import { replyText } from "./reply.ts";

/** What the masters say in `INFO`: keys evicted in all, and the replica that is furthest behind. */
export async function readStatistics(caller: Caller): Promise<ServerStatistics> {
  const masters = await caller.run("statistics", () => caller.link.masters());
  const infos = await Promise.all(
    masters.map((send) => caller.run("statistics", () => send(["INFO", "all"]).then(replyText))),
  );
  const evicted = infos.flatMap((info) => numbersOf(info, /^evicted_keys:(\d+)/gm));
  const lags = infos.flatMap((info) => numbersOf(info, /^slave\d+:.*\blag=(\d+)/gm));
  return {
    evictedKeys: evicted.reduce((sum, keys) => sum + keys, 0),
    ...(lags.length > 0 && { replicationDelayMs: Math.max(...lags) * 1000 }),
  };
}

function numbersOf(info: string, form: RegExp): number[] {
  return [...info.matchAll(form)].map((match) => Number(match[1]));
}
