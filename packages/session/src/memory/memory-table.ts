import type { Row, Rows, Table } from "../table/table.ts";

/** Rows looked at in each write: without a timer the table holds a third more than is alive, where lifetimes are the same. */
const SWEPT_PER_WRITE = 4;

export type MemoryRows = Map<string, Map<string, Row>>;

/** A table in the memory of this process. A step runs to its end before the next begins. */
export function memoryTable(now: () => number, groups: MemoryRows = new Map()): Table {
  const rows = new RowsNow(groups);
  const sweep = sweeper(groups);
  const run = <T>(step: (rows: Rows, now: number) => T): T => {
    rows.now = now();
    return step(rows, rows.now);
  };
  return {
    name: "memory",
    read: run,
    write(step) {
      const answer = run(step);
      sweep(rows.now);
      return answer;
    },
    async *keys(group, prefix) {
      for (const [key, row] of [...(groups.get(group) ?? [])]) {
        if (row.until > now() && key.startsWith(prefix)) yield key;
      }
    },
    close: async () => {},
  };
}

/** The rows that are there at a time. */
class RowsNow implements Rows {
  now = 0;
  readonly #groups: MemoryRows;

  constructor(groups: MemoryRows) {
    this.#groups = groups;
  }

  get(group: string, key: string): Row | undefined {
    const row = this.#groups.get(group)?.get(key);
    return row !== undefined && row.until > this.now ? row : undefined;
  }

  list(group: string): (readonly [string, Row])[] {
    return [...(this.#groups.get(group) ?? [])].filter(([, row]) => row.until > this.now);
  }

  put(group: string, key: string, row: Row): void {
    let rows = this.#groups.get(group);
    if (rows === undefined) {
      rows = new Map();
      this.#groups.set(group, rows);
    }
    rows.set(key, row);
  }

  delete(group: string, key: string): void {
    remove(this.#groups, group, key);
  }
}

function remove(groups: MemoryRows, group: string, key: string): void {
  const rows = groups.get(group);
  rows?.delete(key);
  if (rows?.size === 0) groups.delete(group);
}

/** Walks round and round the table, a few rows at a time. Iterators of a Map follow its changes. */
function sweeper(groups: MemoryRows): (now: number) => void {
  let groupsLeft = groups.entries();
  let group = "";
  let rows: ReadonlyMap<string, Row> = new Map();
  let keysLeft = rows.keys();
  return (now) => {
    for (let seen = 0; seen < SWEPT_PER_WRITE; ) {
      const next = keysLeft.next();
      if (next.done !== true) {
        if (rows.get(next.value)!.until <= now) remove(groups, group, next.value);
        seen += 1;
        continue;
      }
      const nextGroup = groupsLeft.next();
      if (nextGroup.done === true) {
        groupsLeft = groups.entries();
        return;
      }
      [group, rows] = nextGroup.value;
      keysLeft = rows.keys();
    }
  };
}
