import { randomBytes, randomInt } from "node:crypto";
import type { ChainableCommander, Redis } from "ioredis";

/** A session as Redis holds it. */
export type StoredRecord =
  | { readonly kind: "hash"; readonly fields: readonly (readonly [name: string, value: Buffer])[] }
  | { readonly kind: "string"; readonly text: Buffer };

const LIFETIME_SECONDS = 60;

/** Store a damaged copy of a record under a key: bytes changed, cut, lost or added, or another type altogether. */
export async function mutate(redis: Redis, record: StoredRecord, key: string): Promise<void> {
  const batch = redis.multi();
  if (randomInt(8) === 0) storeOtherType(batch, key);
  else if (record.kind === "string") batch.set(key, spoil(record.text));
  else storeFields(batch, record.fields, key);
  await batch.expire(key, LIFETIME_SECONDS).exec();
}

function storeOtherType(batch: ChainableCommander, key: string): void {
  const types = [
    () => batch.rpush(key, "a", "b"),
    () => batch.sadd(key, "a"),
    () => batch.zadd(key, 1, "a"),
    () => batch.set(key, randomBytes(randomInt(1, 64))),
    () => batch.set(key, '{"cookie":'),
    () => batch.hset(key, "a", "b"),
    () => batch.xadd(key, "*", "a", "b"),
    () => batch.setbit(key, 4_096, 1),
  ];
  types[randomInt(types.length)]?.();
}

function storeFields(
  batch: ChainableCommander,
  fields: readonly (readonly [name: string, value: Buffer])[],
  key: string,
): void {
  const chosen = randomInt(fields.length);
  // Without another attribute a record is as good as any: nobody can tell that it ever had one.
  const isLost = ["", "~", "cookie"].includes(fields[chosen]?.[0] ?? "user") && randomInt(4) === 0;
  fields.forEach(([name, value], at) => {
    if (at !== chosen) batch.hset(key, name, value);
    else if (!isLost) batch.hset(key, name, spoil(value));
  });
}

/** Other bytes than given, that are no longer what a store wrote: a changed letter of a name is no damage. */
function spoil(value: Buffer): Buffer {
  const spoiled = changeBytes(value);
  return isReadable(spoiled) || isNewer(spoiled) || isEnded(spoiled) ? spoil(value) : spoiled;
}

/** JSON, before which our own stores may put a mark. */
function isReadable(value: Buffer): boolean {
  try {
    JSON.parse(value.toString().replace(/^~/, ""));
    return true;
  } catch {
    return false;
  }
}

/** The header of a record of a later release, which is left alone and answered with a 503. */
function isNewer(value: Buffer): boolean {
  return value.length > 1 && value.readUInt8(0) > 65 && value.readUInt8(0) + value.readUInt8(1) === 190;
}

/** The header of a session that was ended (T) or renamed (M): of those there is no session, and nothing is damaged. */
function isEnded(value: Buffer): boolean {
  return /^A\}(T\d{13}$|M\d{26}.)/s.test(value.toString("latin1"));
}

function changeBytes(value: Buffer): Buffer {
  const at = randomInt(value.length);
  const ways = [
    () => value.subarray(0, at),
    () => Buffer.concat([value.subarray(0, at), randomBytes(randomInt(1, 8)), value.subarray(at)]),
    () => {
      const flipped = Buffer.from(value);
      flipped.writeUInt8(value.readUInt8(at) ^ (1 << randomInt(8)), at);
      return flipped;
    },
    () => randomBytes(value.length),
    () => Buffer.alloc(0),
  ];
  return ways[randomInt(ways.length)]?.() ?? Buffer.alloc(0);
}
