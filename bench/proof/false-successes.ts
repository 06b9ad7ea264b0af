import { startRedis, waitUntil } from "@unstick/testbed";
import { startFaultProxy } from "@unstick/testbed/fault-proxy";
import { ourTries, peerTries, rowOf } from "./compare-middlewares.ts";
import type { Env } from "./env.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { wait } from "./in-flight.ts";
import { type Broken, type Outage, outages, REDIS_ARGS } from "./outages.ts";
import { number, type Row, type Tally } from "./row.ts";
import { middlewares, peers, type Subject } from "./subjects.ts";
import { type Answer, visit } from "./visit.ts";

/** So many requests begin within {@link SPREAD_MS}; somewhere among them the outage does. */
const BATCH = 200;
const SPREAD_MS = 60;
/** An outage ends after this at the latest: a client without a time limit would wait for its end. */
const LONGEST_MS = 2_000;

/** How many of a subject's tries were told of a success that is not in the store, and how many were refused. */
interface Judged extends Tally {
  readonly refused: number;
}

/**
 * Sessions that are begun, and sessions that are changed, while the store fails for a real cause. Whoever was
 * answered 2xx or 3xx, or was given a session cookie, must find what was stored when the store is back.
 */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const judged = new Map<Outage, Judged[]>(outages.map((outage) => [outage, []]));
  for (const subject of [...middlewares, ...peers]) {
    const tries = middlewares.includes(subject) ? ourTries(count) : peerTries(count);
    await withBrokenStore(subject, async (fleet, broken) => {
      for (const outage of outages) {
        const one = await judge(subject, tries, outage, fleet, broken);
        judged.get(outage)?.push(one);
        env.note(`  ${outage.name}: ${subject}, ${one.faults} of ${tries}, ${one.refused} refused`);
      }
    });
  }
  return outages.map((outage) => outageRow(outage, judged.get(outage) ?? []));
}

function outageRow({ name }: Outage, judged: readonly Judged[]): Row {
  const row = rowOf(`${name}: told of a success, and it is not stored`, judged);
  const own = judged.filter(({ subject }) => middlewares.includes(subject as Subject));
  const refused = own.reduce((sum, one) => sum + one.refused, 0);
  // An outage by which nobody was refused was none.
  const held = row.held && own.every((one) => one.refused > 0);
  return { ...row, ours: `${row.ours}; ${number(refused)} refused`, held };
}

async function withBrokenStore(
  subject: Subject,
  use: (fleet: Fleet, broken: Broken) => Promise<void>,
): Promise<void> {
  const redis = await startRedis(REDIS_ARGS);
  const proxy = await startFaultProxy(redis.port);
  const redisUrl = `redis://${proxy.host}:${proxy.port}`;
  const fleet = await startFleet([{ subject, redisUrl, prefix: "outage:", hasOutages: true }]);
  try {
    await use(fleet, { redis, proxy });
  } finally {
    await fleet.stop();
    await proxy.stop();
    await redis.stop();
  }
}

async function judge(
  subject: Subject,
  tries: number,
  outage: Outage,
  fleet: Fleet,
  broken: Broken,
): Promise<Judged> {
  let faults = 0;
  let refused = 0;
  for (let done = 0; done < tries; done += BATCH) {
    const size = Math.min(BATCH, tries - done);
    const cookies = await Promise.all(Array.from({ length: size }, (_, at) => cookieFor(at, fleet)));
    const beginning = wait(Math.random() * SPREAD_MS * 0.5).then(() => outage.begin(broken, done / BATCH));
    // However long the outage takes to begin, some begin after it.
    const answering = cookies.map((cookie, at) =>
      at % 5 === 0 ? beginning.then(() => change(fleet, cookie)) : change(fleet, cookie),
    );
    await beginning;
    const answered = Promise.all(answering);
    await Promise.race([answered, wait(LONGEST_MS)]);
    await outage.end(broken);
    const answers = await answered;
    await ask(fleet.at(0, "/plant"));
    const told = answers.filter(isSuccess);
    const stored = await Promise.all(told.map((answer) => isStored(answer, fleet)));
    faults += stored.filter((isThere) => !isThere).length;
    refused += answers.length - told.length;
  }
  return { subject, faults, tries, refused };
}

/** Every other try is of a visitor who has a session already. */
async function cookieFor(at: number, fleet: Fleet): Promise<string> {
  return at % 2 === 0 ? "" : (await ask(fleet.at(0, "/plant"))).cookie;
}

async function change(fleet: Fleet, cookie: string): Promise<Answer> {
  await wait(Math.random() * SPREAD_MS);
  return visit(fleet.at(0, "/set?name=changed"), cookie, { mayBreak: true });
}

function isSuccess({ status, isCookieGiven }: Answer): boolean {
  return isCookieGiven || (status >= 200 && status < 400);
}

async function isStored({ cookie }: Answer, fleet: Fleet): Promise<boolean> {
  const { body } = await ask(fleet.at(0, "/names"), cookie);
  return body.split(" ").includes("changed");
}

/** While no outage is: asked again if it took longer than the short deadline on a busy machine. */
async function ask(url: string, cookie?: string): Promise<Answer> {
  let answer: Answer | undefined;
  await waitUntil("the store is back", async () => {
    answer = await visit(url, cookie, { mayBreak: true });
    return answer.status === 200;
  });
  return answer as Answer;
}
