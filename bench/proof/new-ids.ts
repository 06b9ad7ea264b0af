import { races } from "./compare.ts";
import { type Contest, compareMiddlewares } from "./compare-middlewares.ts";
import type { Env } from "./env.ts";
import type { Fleet } from "./fleet.ts";
import type { Row } from "./row.ts";
import { open, visit } from "./visit.ts";

/** As it is unless told otherwise: the old id is still read for a while, and must not show the user. */
const GRACE_MS = 10_000;

/** Two logins of one planted session at once, or two regenerations: who is in, and under which ids? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const contest = (name: string, page: string): Contest => ({
    measure: `two ${name} at once: not 1 live id, or the planted id shows the user`,
    play: races((index, fleet) => isForked(index, fleet, page)),
  });
  const contests = [contest("logins", "/enter"), contest("regenerations", "/renew")];
  return compareMiddlewares(contests, count, env, { graceMs: GRACE_MS });
}

async function isForked(index: number, fleet: Fleet, page: string): Promise<boolean> {
  const { cookie: planted } = await open(fleet.at(index, "/plant"));
  const other = index % 3 === 0 ? "ada" : "eve";
  const [first, second, meanwhile] = await Promise.all([
    visit(fleet.at(index, `${page}?user=ada`), planted),
    visit(fleet.at(index + 1, `${page}?user=${other}`), planted),
    open(fleet.at(index, "/me"), planted),
  ]);
  const given = [first, second].filter(({ isCookieGiven }) => isCookieGiven);
  const shown = await open(fleet.at(index + 1, "/me"), planted);
  const seen = await Promise.all(given.map(({ cookie }, at) => open(fleet.at(index + at, "/me"), cookie)));
  const live = seen.filter(({ body }) => body === "ada" || body === "eve");
  return meanwhile.body !== "nobody" || shown.body !== "nobody" || live.length !== 1;
}
