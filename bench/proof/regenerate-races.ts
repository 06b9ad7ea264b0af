import { compare, races } from "./compare.ts";
import type { Env } from "./env.ts";
import type { Fleet } from "./fleet.ts";
import { proveGrace } from "./regenerate-grace.ts";
import type { Row } from "./row.ts";
import { open, visit } from "./visit.ts";

const LONGEST_WRITE_MS = 20;

/** A new id for a session, while another request writes it or asks for a new id, too. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const alone = { measure: "regenerate with a write in flight", mustBe: "0 old ids alive" };
  const twice = {
    measure: "two regenerates of one session at once",
    mustBe: "exactly 1 live id, 0 otherwise",
  };
  return [
    await compare(alone, count, env, races(isOldIdAlive)),
    await compare(twice, count, env, races(isForked)),
    ...(await proveGrace(Math.ceil(count / 5), env)),
  ];
}

async function isOldIdAlive(index: number, fleet: Fleet): Promise<boolean> {
  const { cookie } = await open(fleet.at(index, "/login"));
  const write = visit(fleet.at(index + 1, `/write?ms=${(index * 8) % (LONGEST_WRITE_MS + 1)}`), cookie);
  const renewed = await open(fleet.at(index + 2, "/regenerate"), cookie);
  await write;
  const before = await open(fleet.at(index, "/me"), cookie);
  const after = await open(fleet.at(index + 1, "/me"), renewed.cookie);
  return before.body !== "nobody" || after.body !== "ada";
}

async function isForked(index: number, fleet: Fleet): Promise<boolean> {
  const { cookie } = await open(fleet.at(index, "/login"));
  const renewals = await Promise.all([
    visit(fleet.at(index + 1, "/regenerate"), cookie),
    visit(fleet.at(index + 2, "/regenerate"), cookie),
  ]);
  const cookies = new Set([cookie, ...renewals.map((renewed) => renewed.cookie)]);
  const seen = await Promise.all([...cookies].map((one, at) => open(fleet.at(index + at, "/me"), one)));
  return seen.filter(({ body }) => body === "ada").length !== 1;
}
