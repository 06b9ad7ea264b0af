import type { ReadableRows, Row, Rows } from "@unstick/session";
import type { Database } from "lmdb";
import type { Environment } from "./environment.ts";
import { expiryKey } from "./expiry-key.ts";
import { decodeRow, encodeRow, rowTimes } from "./row-format.ts";
import type { RowKeys } from "./row-keys.ts";

/** The rows of the file as they are now: in a transaction its own, else the latest committed. */
export function storedRows(rows: Database<Buffer, Buffer>, keys: RowKeys, now: number): ReadableRows {
  return {
    get(group, key) {
      return liveRow(rows.get(keys.of(group, key)), now);
    },
    list(group) {
      return [...rows.getRange(keys.range(group, ""))].flatMap(({ key, value }) => {
        const row = liveRow(value, now);
        return row === undefined ? [] : [[keys.nameOf(group, key), row] as const];
      });
    },
  };
}

/** Rows whose writes are only noted until `apply`, so that a step that throws has written nothing. */
export function stagedRows(
  environment: Environment,
  keys: RowKeys,
  now: number,
): { readonly rows: Rows; readonly apply: () => void } {
  const writes: (() => void)[] = [];
  const rows: Rows = {
    ...storedRows(environment.rows, keys, now),
    put(group, key, row) {
      const rowKey = keys.of(group, key);
      writes.push(() => putRow(environment, rowKey, row));
    },
    delete(group, key) {
      const rowKey = keys.of(group, key);
      writes.push(() => deleteRow(environment, rowKey));
    },
  };
  return {
    rows,
    apply: () => {
      for (const write of writes) write();
    },
  };
}

/** The index may hold a row under an earlier time than its end (the sweep moves it on), never a later one. */
function putRow({ rows, expiry }: Environment, key: Buffer, row: Row): void {
  const before = rows.get(key);
  const indexedAt = before === undefined ? undefined : rowTimes(before)?.indexedAt;
  if (indexedAt !== undefined && indexedAt <= row.until) {
    rows.put(key, encodeRow(row, indexedAt));
    return;
  }
  if (indexedAt !== undefined) expiry.remove(expiryKey(indexedAt, key));
  expiry.put(expiryKey(row.until, key), Buffer.alloc(0));
  rows.put(key, encodeRow(row, row.until));
}

function deleteRow({ rows, expiry }: Environment, key: Buffer): void {
  const before = rows.get(key);
  if (before === undefined) return;
  const times = rowTimes(before);
  if (times !== null) expiry.remove(expiryKey(times.indexedAt, key));
  rows.remove(key);
}

function liveRow(bytes: Buffer | undefined, now: number): Row | undefined {
  if (bytes === undefined) return undefined;
  const times = rowTimes(bytes);
  return times !== null && times.until <= now ? undefined : decodeRow(bytes);
}
