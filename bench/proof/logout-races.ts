import { compare, races } from "./compare.ts";
import type { Env } from "./env.ts";
import { wait } from "./in-flight.ts";
import type { Row } from "./row.ts";
import { open, visit } from "./visit.ts";

/** Writes take so long at most; the logout falls anywhere within. */
const LONGEST_WRITE_MS = 50;

/** A logout while another instance has a write of the same session in flight: is the session there again? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const measure = `logout with a write in flight, 0-${LONGEST_WRITE_MS} ms`;
  const row = { measure, mustBe: "0 revived" };
  const play = races(async (index, fleet) => {
    const { cookie } = await open(fleet.at(index, "/login"));
    // Any number of tries spreads over the range.
    const writeMs = (index * 19) % (LONGEST_WRITE_MS + 1);
    const write = visit(fleet.at(index + 1, `/write?ms=${writeMs}`), cookie);
    await wait(Math.random() * writeMs);
    await open(fleet.at(index + 2, "/logout"), cookie);
    await write;
    const { body } = await open(fleet.at(index, "/me"), cookie);
    return body !== "nobody";
  });
  return [await compare(row, count, env, play)];
}
