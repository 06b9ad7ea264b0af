import { availableParallelism } from "node:os";
import { crc32 } from "node:zlib";
import type { Play } from "./compare.ts";
import { compareMiddlewares } from "./compare-middlewares.ts";
import type { Env } from "./env.ts";
import { endWorker, hear, startWorker } from "./fleet.ts";
import { inFlight } from "./in-flight.ts";
import { isFaultless, type Row, sayOurs } from "./row.ts";
import { middlewares } from "./subjects.ts";
import { open } from "./visit.ts";

/** Values of so many random texts that share a CRC-32 in pairs: some four or five. */
const TEXTS = 200_000;

/** A value is changed into another, or into an equal one: is it written whenever, and only when, it differs? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  return [await proveRandomPairs(count, env), ...(await proveCollisions(env))];
}

/** In the engine that both middlewares and all our stores save with, in as many processes as there are cores. */
async function proveRandomPairs(count: number, env: Env): Promise<Row> {
  const lanes = Math.max(1, Math.min(2, availableParallelism()));
  const share = Math.ceil(count / lanes);
  const found = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const worker = startWorker("change-pairs", { count: share, seed: Date.now() + lane });
      const told = (await hear(worker)) as { faults: number; changed: number };
      await endWorker(worker);
      return told;
    }),
  );
  const faults = found.reduce((sum, one) => sum + one.faults, 0);
  const changed = found.reduce((sum, one) => sum + one.changed, 0);
  const tallies = [{ subject: "engine", faults, tries: share * lanes }];
  env.note(`  random pairs: ${faults} of ${share * lanes}, of which ${changed} differ`);
  return {
    measure: "random pairs of values: a write missed, or one too many",
    mustBe: "0",
    ours: sayOurs(tallies),
    held: isFaultless(tallies) && changed > 0 && changed < share * lanes,
  };
}

/** koa-session compares by CRC-32 (`util.hash`), so of two texts that share it the second is not written. */
function proveCollisions(env: Env): Promise<readonly Row[]> {
  const pairs = collidingPairs();
  const measure = `second of 2 values with one CRC-32, ${pairs.length} pairs: not written`;
  const play: Play = async (tries, fleet) => {
    let lost = 0;
    await inFlight(tries, 8, async (index) => {
      const [first = "", second = ""] = pairs[index % pairs.length] ?? [];
      const { cookie } = await open(fleet.at(index, `/put?value=${first}`));
      await open(fleet.at(index, `/put?value=${second}`), cookie);
      if ((await open(fleet.at(index + 1, "/value"), cookie)).body !== second) lost++;
    });
    return lost;
  };
  return compareMiddlewares([{ measure, play }], pairs.length * middlewares.length, env, {});
}

/** CRC-32 is linear: texts of one length that share it share it within any JSON, too. */
function collidingPairs(): readonly (readonly [string, string])[] {
  const seen = new Map<number, string>();
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < TEXTS || pairs.length === 0; at++) {
    const text = Math.floor(Math.random() * 16 ** 12)
      .toString(16)
      .padStart(12, "0");
    const sum = crc32(text);
    const other = seen.get(sum);
    if (other !== undefined && other !== text) pairs.push([other, text]);
    seen.set(sum, text);
  }
  return pairs;
}
