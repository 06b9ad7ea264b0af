import type { Environment } from "./environment.ts";
import { behindTime, expiryKey, rowKeyOf } from "./expiry-key.ts";
import { rowTimes, withIndexedAt } from "./row-format.ts";

/** Per write, so that sweeping keeps ahead of writing; and a base, so that a backlog shrinks. */
const SWEPT_PER_WRITE = 2;
const SWEPT_PER_BATCH = 16;

/**
 * Remove expired rows, of every prefix in the file, within the transaction of a write: it costs by what has
 * expired, needs no timer, and any process does it for all.
 */
export function sweepExpired({ rows, expiry }: Environment, now: number, writes: number): void {
  const limit = SWEPT_PER_BATCH + SWEPT_PER_WRITE * writes;
  for (const key of [...expiry.getKeys({ end: behindTime(now), limit })]) {
    expiry.remove(key);
    const rowKey = rowKeyOf(key);
    const bytes = rows.get(rowKey);
    const until = bytes === undefined ? undefined : (rowTimes(bytes)?.until ?? 0);
    if (bytes === undefined || until === undefined) continue;
    if (until <= now) rows.remove(rowKey);
    else {
      expiry.put(expiryKey(until, rowKey), Buffer.alloc(0));
      rows.put(rowKey, withIndexedAt(bytes, until));
    }
  }
}
