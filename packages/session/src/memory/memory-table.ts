import type { Row, Rows, Table } from "../table/table.ts";

/** Rows looked at in each write: the table never holds much more than what is alive, without a timer. */
const SWEPT_PER_WRITE = 4;

export type MemoryRows = Map<string, Map<string, Row>>;

/** A table in the memory of this process. A step runs to its end before the next begins. */
export function memoryTable(now: () => number, groups: MemoryRows = new Map()): Table {
  const sweep = sweeper(groups);
  return {
    name: "memory",
    read: async (step) => {
      const time = now();
      return step(rowsAt(groups, time), time);
    },
    write: async (step) => {
      const time = now();
      const answer = step(rowsAt(groups, time), time);
      sweep(time);
      return answer;
    },
    async *keys(group, prefix) {
      const rows = [...(groups.get(group) ?? [])];
      for (const [key, row] of rows) {
        if (row.until > now() && key.startsWith(prefix)) yield key;
      }
    },
    close: async () => {},
  };
}

function rowsAt(groups: MemoryRows, now: number): Rows {
  return {
    get(group, key) {
      const row = groups.get(group)?.get(key);
      return row !== undefined && row.until > now ? row : undefined;
    },
    list: (group) => [...(groups.get(group) ?? [])].filter(([, row]) => row.until > now),
    put(group, key, row) {
      const rows = groups.get(group) ?? new Map<string, Row>();
      groups.set(group, rows.set(key, row));
    },
    delete(group, key) {
      const rows = groups.get(group);
      rows?.delete(key);
      if (rows?.size === 0) groups.delete(group);
    },
  };
}

/** Walks round and round the table, a few rows at a time. Iterators of a Map follow its changes. */
function sweeper(groups: MemoryRows): (now: number) => void {
  let walk = everyRow(groups);
  return (now) => {
    for (let seen = 0; seen < SWEPT_PER_WRITE; seen += 1) {
      const next = walk.next();
      if (next.done === true) {
        walk = everyRow(groups);
        return;
      }
      const [group, key, row] = next.value;
      if (row.until <= now) rowsAt(groups, now).delete(group, key);
    }
  };
}

function* everyRow(groups: MemoryRows): Generator<[string, string, Row]> {
  for (const [group, rows] of groups) {
    for (const [key, row] of rows) yield [group, key, row];
  }
}
