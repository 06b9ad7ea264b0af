import type { Env } from "./env.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { inFlight, wait } from "./in-flight.ts";
import { isFaultless, type Row, sayOurs } from "./row.ts";
import { open, visit } from "./visit.ts";

/** The default of `graceMs`. */
const GRACE_MS = 10_000;

/** The cookies that a race leaves behind, and whether a write through the old id, or what came later, was seen. */
interface Left {
  readonly cookies: readonly string[];
  readonly isLeaky: boolean;
}

/**
 * With the default grace of `session()`: within it the old id reads the session as it was before, for requests
 * in flight, and no more than that; after it there is exactly one live id.
 */
export async function proveGrace(count: number, env: Env): Promise<readonly Row[]> {
  const instance = {
    subject: "session()",
    redisUrl: env.redis.url,
    prefix: "grace:",
    graceMs: GRACE_MS,
  } as const;
  const fleet = await startFleet([instance, instance, instance]);
  try {
    return await playInGrace(count, fleet);
  } finally {
    await fleet.stop();
  }
}

async function playInGrace(count: number, fleet: Fleet): Promise<readonly Row[]> {
  const left: Left[] = [];
  await inFlight(count, 32, async (index) => {
    left.push(await (index % 2 === 0 ? regenerateOnce(index, fleet) : regenerateTwice(index, fleet)));
  });
  await wait(GRACE_MS + 500);
  let wrong = 0;
  await inFlight(left.length, 32, async (index) => {
    const { cookies } = left[index] as Left;
    const seen = await Promise.all(cookies.map((one, at) => open(fleet.at(index + at, "/me"), one)));
    const [old, ...others] = seen.map(({ body }) => body === "ada");
    if (old || others.filter(Boolean).length !== 1) wrong++;
  });
  const leaky = left.filter(({ isLeaky }) => isLeaky).length;
  return [
    say("old ids in the default grace of session(): a write taken, or later data shown", leaky, count),
    say("old ids after the default grace of session(): alive, or not 1 live id", wrong, count),
  ];
}

function say(measure: string, faults: number, tries: number): Row {
  const tallies = [{ subject: "session()", faults, tries }];
  return { measure, mustBe: "0", ours: sayOurs(tallies), held: isFaultless(tallies) };
}

/** A write is in flight under the old id; then both ids write, and the old one looks. */
async function regenerateOnce(index: number, fleet: Fleet): Promise<Left> {
  const { cookie } = await open(fleet.at(index, "/login"));
  const write = visit(fleet.at(index + 1, `/write?ms=${(index * 8) % 21}`), cookie);
  const renewed = await open(fleet.at(index + 2, "/regenerate"), cookie);
  await write;
  await open(fleet.at(index, "/set?name=later"), renewed.cookie);
  await visit(fleet.at(index + 1, "/set?name=stolen"), cookie);
  const [old, own] = await Promise.all([
    open(fleet.at(index + 2, "/names"), cookie),
    open(fleet.at(index, "/names"), renewed.cookie),
  ]);
  const isLeaky = old.body.includes("later") || own.body.includes("stolen") || !own.body.includes("later");
  return { cookies: [cookie, renewed.cookie], isLeaky };
}

async function regenerateTwice(index: number, fleet: Fleet): Promise<Left> {
  const { cookie } = await open(fleet.at(index, "/login"));
  const renewals = await Promise.all([
    visit(fleet.at(index + 1, "/regenerate"), cookie),
    visit(fleet.at(index + 2, "/regenerate"), cookie),
  ]);
  const others = renewals.map((renewed) => renewed.cookie).filter((one) => one !== cookie);
  return { cookies: [cookie, ...new Set(others)], isLeaky: false };
}
