import { randomBytes } from "node:crypto";
import type { Env } from "./env.ts";
import { endWorker, hear, startWorker } from "./fleet.ts";
import { isFaultless, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";
import type { CountOrder } from "./workers/count.ts";
import { openCountingStore, type StoreSubject } from "./workers/counting-store.ts";

const row = { measure: "increments of a declared counter, at store level", mustBe: "0 lost" };

/** Three processes that get, add one and set, through the store that express-session would use. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const ours = [
    await countUp("RedisStore, ioredis", count / 2, env),
    await countUp("RedisStore, node-redis", count / 2, env),
  ];
  const peer = await countUp("connect-redis", Math.max(60, count / 20), env);
  return [{ ...row, ours: sayOurs(ours), peer: sayPeers([peer]), held: isFaultless(ours) }];
}

async function countUp(subject: StoreSubject, count: number, env: Env): Promise<Tally> {
  const begun = performance.now();
  const id = randomBytes(24).toString("base64url");
  const store = await openCountingStore(subject, env.redis.url);
  try {
    await store.set(id, { cookie: { originalMaxAge: null, path: "/", httpOnly: true }, count: 0 });
    const share = Math.ceil(count / 3);
    const order: CountOrder = { subject, redisUrl: env.redis.url, id, count: share };
    await Promise.all([work(order), work(order), work(order)]);
    const tries = share * 3;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    env.note(`  ${row.measure}: ${subject}, ${tries} in ${seconds} s`);
    const total = (await store.get(id))?.count ?? 0;
    return { subject, faults: Math.abs(tries - total), tries };
  } finally {
    store.close();
  }
}

async function work(order: CountOrder): Promise<void> {
  const child = startWorker("count", order);
  try {
    await hear(child);
  } finally {
    await endWorker(child);
  }
}
