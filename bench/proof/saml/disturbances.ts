import { wait } from "../in-flight.ts";
import { answerFor, type Bed, type Count, none, replays, type SamlMeasure } from "./bed.ts";

/** What goes wrong while one answer is presented eight times at once. */
const disturbances: Readonly<Record<string, (bed: Bed, round: number) => Promise<unknown>>> = {
  "a process killed": ({ fleet }, round) => fleet.instances[round % 3]!.killAndRestart(),
  "connections to the store cut": ({ admin }) => admin.client("KILL", "TYPE", "normal", "SKIPME", "yes"),
  // The store has done what it was asked, and nobody learns of it.
  "replies of the store lost": async ({ proxy }, round) => {
    proxy.set({ dropReplies: true });
    await wait(1 + (round % 20));
    proxy.reset();
    proxy.set({});
  },
  // It writes before it answers, so it comes back knowing what was used.
  "the store killed": ({ redis }) => redis.restart(),
  // What was begun and what was used are both forgotten.
  "the store killed and emptied": async ({ admin, redis }) => {
    await redis.restart();
    await admin.flushall();
  },
};

export const disturbedRaces: readonly SamlMeasure[] = Object.entries(disturbances).map(([what, disturb]) => ({
  name: `8 at once, ${what} in between: rounds with more than one acceptance, then or later`,
  mustBe: "0",
  counts: [60, 2],
  measure: (bed, rounds) => race(bed, rounds, disturb),
  isGood: none,
}));

async function race(
  bed: Bed,
  rounds: number,
  disturb: (bed: Bed, round: number) => Promise<unknown>,
): Promise<Count> {
  let count = 0;
  for (let round = 0; round < rounds; round += 1) {
    const answer = await answerFor(bed);
    const accepted = bed.fleet.presentAtOnce(answer, 8);
    await wait(round % 30);
    await disturb(bed, round);
    const first = await accepted;
    await settle(bed);
    if (first + (await replays(bed, answer, 3)) > 1) count += 1;
  }
  return { count, of: rounds };
}

/** Until every instance can begin a login again: else the replays would be refused for want of a store. */
async function settle({ fleet }: Bed): Promise<void> {
  for (const instance of fleet.instances) {
    while (!(await instance.call({ verb: "begin" })).isYes) await wait(20);
  }
}
