import type { Play } from "./compare.ts";
import type { Env } from "./env.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { isFaultless, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";
import { type InstanceOptions, middlewares, peers, type Subject } from "./subjects.ts";

/** Peers need no large number to show what they do. */
const PEER_SHARE = 1 / 20;
const FEWEST = 20;

/** What is played with each of our middlewares and each peer. */
export interface Contest {
  readonly measure: string;
  readonly play: Play;
}

type Special = Partial<Omit<InstanceOptions, "subject">>;

/** A row for each contest: `count` tries shared out between our middlewares, and a twentieth for each peer. */
export async function compareMiddlewares(
  contests: readonly Contest[],
  count: number,
  env: Env,
  special: Special,
): Promise<readonly Row[]> {
  const tallies = new Map<Contest, Tally[]>(contests.map((contest) => [contest, []]));
  for (const subject of [...middlewares, ...peers]) {
    const tries = middlewares.includes(subject) ? ourTries(count) : peerTries(count);
    await withFleet(subject, env, special, async (fleet) => {
      for (const [contest, told] of tallies) told.push(await judge(contest, subject, tries, fleet, env));
    });
  }
  return [...tallies].map(([{ measure }, told]) => rowOf(measure, told));
}

export function ourTries(count: number): number {
  return Math.ceil(count / middlewares.length);
}

export function peerTries(count: number): number {
  return Math.max(FEWEST, Math.ceil(count * PEER_SHARE));
}

async function judge(
  { measure, play }: Contest,
  subject: Subject,
  tries: number,
  fleet: Fleet,
  env: Env,
): Promise<Tally> {
  const begun = performance.now();
  const faults = await play(tries, fleet, subject);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  env.note(`  ${measure}: ${subject}, ${faults} of ${tries} in ${seconds} s`);
  return { subject, faults, tries };
}

export function rowOf(measure: string, tallies: readonly Tally[]): Row {
  const own = tallies.filter(({ subject }) => middlewares.includes(subject as Subject));
  const other = tallies.filter((tally) => !own.includes(tally));
  return { measure, mustBe: "0", ours: sayOurs(own), peer: sayPeers(other), held: isFaultless(own) };
}

async function withFleet(
  subject: Subject,
  env: Env,
  special: Special,
  use: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const options: InstanceOptions = {
    subject,
    redisUrl: env.redis.url,
    prefix: `middleware-${subject}:`,
    ...special,
  };
  const fleet = await startFleet(Array.from({ length: Math.min(2, env.instances) }, () => options));
  try {
    await use(fleet);
  } finally {
    await fleet.stop();
  }
}
