import type { Env } from "./env.ts";
import type { Fleet } from "./fleet.ts";
import { inFlight } from "./in-flight.ts";
import { isFaultless, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";
import { ours, peers, type Subject } from "./subjects.ts";

/** Play so many tries against three instances; answers how many of them went wrong. */
export type Play = (tries: number, fleet: Fleet, subject: Subject) => Promise<number>;

/** Peers need no large number to show what they lose; of twenty tries on a quiet machine they may lose none. */
const PEER_SHARE = 1 / 20;
const LEAST_OF_PEERS = 100;

/** One row: `count` tries shared out among our subjects, and a twentieth of it for each peer. */
export async function compare(
  row: Pick<Row, "measure" | "mustBe">,
  count: number,
  env: Env,
  play: Play,
): Promise<Row> {
  const own = await playAll(row.measure, ours, Math.ceil(count / ours.length), env, play);
  const other = await playAll(
    row.measure,
    peers,
    Math.max(LEAST_OF_PEERS, Math.ceil(count * PEER_SHARE)),
    env,
    play,
  );
  return { ...row, ours: sayOurs(own), peer: sayPeers(other), held: isFaultless(own) };
}

async function playAll(
  measure: string,
  subjects: readonly Subject[],
  tries: number,
  env: Env,
  play: Play,
): Promise<readonly Tally[]> {
  const tallies: Tally[] = [];
  for (const subject of subjects) {
    const begun = performance.now();
    const faults = await play(tries, await env.fleet(subject), subject);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    env.note(`  ${measure}: ${subject}, ${faults} of ${tries} in ${seconds} s`);
    tallies.push({ subject, faults, tries });
  }
  return tallies;
}

/** Play `race` so many times, many at once; answers how many of them answered true. */
export function races(race: (index: number, fleet: Fleet) => Promise<boolean>): Play {
  return async (tries, fleet) => {
    let faults = 0;
    await inFlight(tries, 32, async (index) => {
      if (await race(index, fleet)) faults++;
    });
    return faults;
  };
}
