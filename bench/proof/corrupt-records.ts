import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { cookieOf, handleOf, idOf, keyOf } from "./cookies.ts";
import type { Env } from "./env.ts";
import { inFlight } from "./in-flight.ts";
import { mutate, type StoredRecord } from "./mutate.ts";
import { isFaultless, number, type Row, sayOurs, sayPeers, type Tally } from "./row.ts";
import { ours, type Subject } from "./subjects.ts";
import { open, visit } from "./visit.ts";

/** Records that something damaged: what does the client get, and is it told to the operator? */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  const redis = new Redis(env.redis.url);
  try {
    const own: Damage[] = [];
    for (const subject of ours) own.push(await damage(subject, Math.ceil(count / ours.length), env, redis));
    const peer = [
      await damage("connect-redis", Math.max(60, Math.ceil(count / 20)), env, redis),
      await damage("koa-redis", Math.max(60, Math.ceil(count / 20)), env, redis),
    ];
    const found = own.reduce((sum, { found }) => sum + found, 0);
    const told = own.reduce((sum, { told }) => sum + told, 0);
    return [
      {
        measure: "corrupt records: mutations answered with an error",
        mustBe: "0",
        ours: sayOurs(own.map(({ errors }) => errors)),
        peer: sayPeers(peer.map(({ errors }) => errors)),
        held: isFaultless(own.map(({ errors }) => errors)),
      },
      {
        measure: "corrupt records: events for each record that was refused",
        mustBe: "1",
        ours: `${number(told)} events for ${number(found)} records`,
        held: found > 0 && own.every(({ isToldOnce }) => isToldOnce),
      },
    ];
  } finally {
    redis.disconnect();
  }
}

interface Damage {
  readonly errors: Tally;
  /** Records that were found damaged, and the events that said so. */
  readonly found: number;
  readonly told: number;
  /** One event for each of them, and never two: a request may not need the attribute that is damaged. */
  readonly isToldOnce: boolean;
}

async function damage(subject: Subject, tries: number, env: Env, redis: Redis): Promise<Damage> {
  const fleet = await env.fleet(subject);
  const record = await readRecord(redis, subject, (await open(fleet.at(0, "/login"))).cookie);
  const before = await fleet.damaged();
  const refused = new Set<string>();
  let errors = 0;
  await inFlight(tries, 48, async (index) => {
    const id = randomBytes(32).toString("base64url");
    const key = keyOf(subject, id);
    await mutate(redis, record, key);
    const { status, body } = await visit(fleet.at(index, "/me"), cookieOf(subject, id));
    if (status !== 200) errors++;
    else if (body === "nobody") refused.add(handleOf(id));
    await redis.unlink(key);
  });
  const told = new Map([...(await fleet.damaged())].filter(([handle]) => !before.has(handle)));
  env.note(`  corrupt records: ${subject}, ${errors} errors, ${refused.size} refused, ${told.size} told`);
  return {
    errors: { subject, faults: errors, tries },
    found: new Set([...refused, ...told.keys()]).size,
    told: [...told.values()].reduce((sum, count) => sum + count, 0),
    isToldOnce:
      [...refused].every((handle) => told.has(handle)) && [...told.values()].every((count) => count === 1),
  };
}

async function readRecord(redis: Redis, subject: Subject, cookie: string): Promise<StoredRecord> {
  const key = keyOf(subject, idOf(subject, cookie));
  if ((await redis.type(key)) === "hash") {
    const fields = await redis.hgetallBuffer(key);
    // What U+0001 begins are remembered tokens.
    return { kind: "hash", fields: Object.entries(fields).filter(([name]) => !name.startsWith("\u0001")) };
  }
  const text = await redis.getBuffer(key);
  if (text === null) throw new Error(`${subject} has no record where it was expected`);
  return { kind: "string", text };
}
