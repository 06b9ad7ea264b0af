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

/** Three instances, of which one is a day ahead and one a day behind: who is logged out too early, who too late? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const tallies = new Map<Subject, Tally>();
  const subjects = [...ours, ...peers];
  // Sessions expire meanwhile, which is nothing to do: two subjects at a time.
  await inFlight(subjects.length, 2, async (index) => {
    const subject = subjects[index] as Subject;
    tallies.set(subject, await judge(subject, count, env));
  });
  const own = ours.map((subject) => tallies.get(subject)!);
  const measure = "clocks of the instances: right, 24 h ahead, 24 h behind";
  const peer = sayPeers(peers.map((subject) => tallies.get(subject)!));
  return [{ measure, mustBe: "0 wrong expiries", ours: sayOurs(own), peer, held: isFaultless(own) }];
}

async function judge(subject: Subject, count: number, env: Env): Promise<Tally> {
  const tally = { subject, faults: 0, tries: 0 };
  const instance: InstanceOptions = { subject, redisUrl: env.redis.url, prefix: `clock-${subject}:` };
  const shifts = [DAY_MS, 0, -DAY_MS];
  const fleet = await startFleet(shifts.map((clockShiftMs) => ({ ...instance, clockShiftMs })));
  try {
    await inFlight(count, 64, async (index) => {
      // Made by each instance in turn, and shown to all of them.
      const alive = await open(fleet.at(index, `/login?maxAge=${LONG_MS}`));
      const dead = await open(fleet.at(index, `/login?maxAge=${SHORT_MS}`));
      await wait(SHORT_MS + 150);
      for (const reader of shifts.keys()) {
        tally.tries += 2;
        if ((await open(fleet.at(reader, "/me"), alive.cookie)).body !== "ada") tally.faults++;
        if ((await open(fleet.at(reader, "/me"), dead.cookie)).body !== "nobody") tally.faults++;
      }
    });
  } finally {
    await fleet.stop();
  }
  env.note(`  clocks: ${subject}, ${tally.faults} of ${tally.tries}`);
  return tally;
}
