import { compare, type Play } from "./compare.ts";
import type { Env } from "./env.ts";
import { inFlight } from "./in-flight.ts";
import type { Row } from "./row.ts";
import { open } from "./visit.ts";

/** So many requests of one session at once, each writing an attribute of its own. */
const TOGETHER = 20;

/** Concurrent writes to different attributes of one session. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const row = { measure: "concurrent writes to different attributes", mustBe: "0 lost" };
  return [await compare(row, count, env, writeApart)];
}

const writeApart: Play = async (tries, fleet) => {
  let lost = 0;
  await inFlight(Math.ceil(tries / TOGETHER), 4, async (round) => {
    const { cookie } = await open(fleet.at(round, "/login"));
    const size = Math.min(TOGETHER, tries - round * TOGETHER);
    const names = Array.from({ length: size }, (_, at) => `attribute${at}`);
    await Promise.all(names.map((name, at) => open(fleet.at(round + at, `/set?name=${name}`), cookie)));
    const { body } = await open(fleet.at(round + 1, "/names"), cookie);
    const stored = new Set(body.split(" "));
    lost += names.filter((name) => !stored.has(name)).length;
  });
  return lost;
};
