import { compare, type Play } from "./compare.ts";
import type { Env } from "./env.ts";
import { inFlight } from "./in-flight.ts";
import type { Row } from "./row.ts";
import { open } from "./visit.ts";

/** Browsers whose every request adds one to the counter of its session. */
const BROWSERS = 4;

/** Increments of a declared counter by requests to all instances at once. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const row = { measure: "increments of a declared counter, over HTTP", mustBe: "0 lost" };
  return [await compare(row, count, env, countUp)];
}

const countUp: Play = async (tries, fleet) => {
  const logins = Array.from({ length: BROWSERS }, (_, index) => open(fleet.at(index, "/login")));
  const cookies = (await Promise.all(logins)).map(({ cookie }) => cookie);
  await inFlight(tries, 64, async (index) => {
    // Three instances and four browsers: each browser meets each instance.
    await open(fleet.at(index, "/count"), cookies[index % BROWSERS]);
  });
  const totals = await Promise.all(cookies.map((cookie, at) => open(fleet.at(at + 1, "/total"), cookie)));
  return tries - totals.reduce((sum, { body }) => sum + Number(body), 0);
};
