import type { Env } from "./env.ts";
import { startFleet } from "./fleet.ts";
import { inFlight, wait } from "./in-flight.ts";
import { isFaultless, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";
import { type InstanceOptions, ours, peers, type Subject } from "./subjects.ts";
import { open } from "./visit.ts";

const DAY_MS = 86_400_000;
/** A whole number of seconds, which is all that some stores know. */
const SHORT_MS = 1_000;
const LONG_MS = 30 * 60_000;
const INSTANCES = 3;

/** One of three instances has a clock that is a day off: who is logged out too early, who too late? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const tallies = new Map<Subject, Tally>();
  for (const subject of [...ours, ...peers]) tallies.set(subject, await judge(subject, count, env));
  const own = ours.map((subject) => tallies.get(subject)!);
  const measure = "clock of one instance moved by ±24 h";
  const peer = sayPeers(peers.map((subject) => tallies.get(subject)!));
  return [{ measure, mustBe: "0 wrong expiries", ours: sayOurs(own), peer, held: isFaultless(own) }];
}

async function judge(subject: Subject, count: number, env: Env): Promise<Tally> {
  const tally = { subject, faults: 0, tries: 0 };
  for (const clockShiftMs of [DAY_MS, -DAY_MS]) {
    const instance: InstanceOptions = { subject, redisUrl: env.redis.url, prefix: `clock-${subject}:` };
    const fleet = await startFleet([{ ...instance, clockShiftMs }, instance, instance]);
    try {
      await inFlight(count, 32, async (index) => {
        // Made by each instance in turn, and shown to all of them.
        const alive = await open(fleet.at(index, `/login?maxAge=${LONG_MS}`));
        const dead = await open(fleet.at(index, `/login?maxAge=${SHORT_MS}`));
        await wait(SHORT_MS + 150);
        for (let reader = 0; reader < INSTANCES; reader++) {
          tally.tries += 2;
          if ((await open(fleet.at(reader, "/me"), alive.cookie)).body !== "ada") tally.faults++;
          if ((await open(fleet.at(reader, "/me"), dead.cookie)).body !== "nobody") tally.faults++;
        }
      });
    } finally {
      await fleet.stop();
    }
  }
  env.note(`  clocks: ${subject}, ${tally.faults} of ${tally.tries}`);
  return tally;
}
