import { startFaultProxy } from "@unstick/testbed/fault-proxy";
import type { Play } from "./compare.ts";
import { ourTries, peerTries, rowOf } from "./compare-middlewares.ts";
import type { Env } from "./env.ts";
import { startFleet } from "./fleet.ts";
import { inFlight } from "./in-flight.ts";
import type { Row, Tally } from "./row.ts";
import { type InstanceOptions, middlewares, peers, type Subject } from "./subjects.ts";
import { visit } from "./visit.ts";

/** Each way, between the instance that begins the session and the store. */
const DELAY_MS = 150;

/**
 * A login redirects. The store is {@link DELAY_MS} away from the instance that answers, both ways; the browser
 * follows to an instance that is next to it. Is the session there?
 */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const tallies: Tally[] = [];
  for (const subject of middlewares) tallies.push(await race(subject, ourTries(count), env));
  for (const subject of peers) tallies.push(await race(subject, peerTries(count), env));
  return [rowOf("redirect, store slowed by 300 ms: the session is not there", tallies)];
}

async function race(subject: Subject, tries: number, env: Env): Promise<Tally> {
  const proxy = await startFaultProxy(env.redis.port);
  const near: InstanceOptions = { subject, redisUrl: env.redis.url, prefix: `redirect-${subject}:` };
  const far = { ...near, redisUrl: `redis://${proxy.host}:${proxy.port}` };
  const fleet = await startFleet([far, near]);
  try {
    proxy.set({ delayMs: DELAY_MS });
    const faults = await follow(tries, fleet, subject);
    env.note(`  redirects: ${subject}, ${faults} of ${tries}`);
    return { subject, faults, tries };
  } finally {
    await fleet.stop();
    await proxy.stop();
  }
}

const follow: Play = async (tries, fleet) => {
  let faults = 0;
  await inFlight(tries, 200, async () => {
    const { status, cookie } = await visit(fleet.at(0, "/begin"), "", { isHeadEnough: true });
    const { body } = await visit(fleet.at(1, "/me"), cookie);
    if (status !== 302 || body !== "ada") faults++;
  });
  return faults;
};
