import { races } from "./compare.ts";
import { compareMiddlewares } from "./compare-middlewares.ts";
import type { Env } from "./env.ts";
import type { Fleet } from "./fleet.ts";
import type { Row } from "./row.ts";
import { open, visit } from "./visit.ts";

/** What a request does that began before the logout, and goes on after it. */
const afterwards = ["read", "write", "save", "redirect", "regenerate", "enter"] as const;

/**
 * A request reads its session and waits; the session is logged out by another request; the first goes on. Its
 * answer is committed after the logout, as is that of one which begins after it: neither may carry a session
 * cookie, though every answer of a session that lives does (`rolling`).
 */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const measure = "answers committed after a logout: a session cookie, or the user";
  return compareMiddlewares([{ measure, play: races(isHeard) }], count, env, { rolling: true });
}

async function isHeard(index: number, fleet: Fleet): Promise<boolean> {
  const { cookie } = await open(fleet.at(index, "/login"));
  const parked = await park(index, fleet, cookie);
  const gone = await open(fleet.at(index + 1, index % 4 < 2 ? "/leave" : "/logout"), cookie);
  const [released, began] = await Promise.all([
    parked.goOn(),
    visit(fleet.at(index + 1, index % 3 === 0 ? "/begin" : "/me"), cookie),
  ]);
  const after = await open(fleet.at(index, "/me"), cookie);
  // Who begins a session after the logout has another one.
  const isNewcomer = index % 3 === 0 && began.cookie !== cookie;
  return (
    [gone, released, after].some(({ isCookieGiven }) => isCookieGiven) ||
    (began.isCookieGiven && !isNewcomer) ||
    [released, began, after].some(({ body }) => body === "ada")
  );
}

async function park(
  index: number,
  fleet: Fleet,
  cookie: string,
): Promise<{ goOn(): Promise<Awaited<ReturnType<typeof visit>>> }> {
  const then = afterwards[index % afterwards.length];
  const page = fleet.at(index, `/park?id=${index}&then=${then}`);
  let answer: ReturnType<typeof visit> | undefined;
  await new Promise<void>((resolve, reject) => {
    answer = visit(page, cookie, { onBegun: resolve });
    answer.catch(reject);
  });
  return {
    goOn: async () => {
      await open(fleet.at(index, `/release?id=${index}`));
      return answer as ReturnType<typeof visit>;
    },
  };
}
