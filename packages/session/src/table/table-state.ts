import type { SharedState, TakeOutcome } from "../shared-state.ts";
import type { Rows, Table } from "./table.ts";

const VALUES = "value";

/** Shared state as steps over a table. */
export function tableState(table: Table): SharedState {
  return {
    add: async (key, value, lifetimeMs) =>
      table.write((rows, now) => {
        if (rows.get(VALUES, key) !== undefined) return false;
        keepValue(rows, now, key, value, lifetimeMs);
        return true;
      }),
    put: async (key, value, lifetimeMs) =>
      table.write((rows, now) => keepValue(rows, now, key, value, lifetimeMs)),
    get: async (key) => table.read((rows) => liveValue(rows, key)),
    take: async (key, options) =>
      table.write((rows, now) => takeValue(rows, now, key, options?.tombstoneMs ?? 0)),
    remove: async (key) =>
      table.write((rows) => {
        const wasLive = liveValue(rows, key) !== null;
        rows.delete(VALUES, key);
        return wasLive;
      }),
    keys: (prefix) => liveKeys(table, prefix),
    close: () => table.close(),
  };
}

function liveValue(rows: Pick<Rows, "get">, key: string): string | null {
  const body = rows.get(VALUES, key)?.body;
  return body?.kind === "value" ? body.value : null;
}

function takeValue(rows: Rows, now: number, key: string, tombstoneMs: number): TakeOutcome {
  const body = rows.get(VALUES, key)?.body;
  if (body === undefined) return { outcome: "unknown" };
  if (body.kind !== "value") return { outcome: "used" };
  if (tombstoneMs > 0) {
    rows.put(VALUES, key, { until: now + tombstoneMs, body: { kind: "tombstone" } });
  } else rows.delete(VALUES, key);
  return { outcome: "taken", value: body.value };
}

function keepValue(rows: Rows, now: number, key: string, value: string, lifetimeMs: number): void {
  if (lifetimeMs > 0) rows.put(VALUES, key, { until: now + lifetimeMs, body: { kind: "value", value } });
  else rows.delete(VALUES, key);
}

async function* liveKeys(table: Table, prefix: string): AsyncGenerator<string> {
  for await (const key of table.keys(VALUES, prefix)) {
    if (await table.read((rows) => liveValue(rows, key) !== null)) yield key;
  }
}
