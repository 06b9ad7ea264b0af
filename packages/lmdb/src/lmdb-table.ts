import { BackendError, type Table } from "@unstick/session";
import { type Environment, leaveEnvironment, openEnvironment } from "./environment.ts";
import type { ResolvedOptions } from "./options.ts";
import { type RowKeys, rowKeys } from "./row-keys.ts";
import { storedRows } from "./rows.ts";
import { writeQueue } from "./write-queue.ts";

const NAME = "lmdb";

/** Keys of a page of an enumeration: no snapshot is held, and no turn of the event loop taken, for long. */
const PAGE_SIZE = 256;

/** A table in an LMDB file, shared with all processes that open it. */
export function lmdbTable(options: ResolvedOptions): Table {
  const environment = openEnvironment(options.path, options.mode);
  const keys = rowKeys(options.prefix);
  const enqueue = writeQueue(environment, keys, options);
  let closed: Promise<void> | undefined;
  const assertOpen = (): void => {
    if (closed !== undefined) throw new BackendError(NAME, "call", "it is closed");
  };
  return {
    name: NAME,
    read: (step) => {
      assertOpen();
      const now = options.now();
      return atLatest(environment, () => step(storedRows(environment.rows, keys, now), now));
    },
    write: async (step) => {
      assertOpen();
      return enqueue(step);
    },
    keys: (group, prefix) => pagedKeys(environment, keys, group, prefix, assertOpen),
    close: () => {
      // What was asked for before is in the queue of this turn of the event loop.
      closed ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() =>
        leaveEnvironment(environment),
      );
      return closed;
    },
  };
}

/** Read what is committed now, and hold no snapshot afterwards: it would keep freed pages from use. */
function atLatest<T>({ root }: Environment, read: () => T): T {
  root.resetReadTxn();
  try {
    return read();
  } finally {
    root.resetReadTxn();
  }
}

async function* pagedKeys(
  environment: Environment,
  keys: RowKeys,
  group: string,
  prefix: string,
  assertOpen: () => void,
): AsyncGenerator<string> {
  const { start, end } = keys.range(group, prefix);
  let after = start;
  for (;;) {
    assertOpen();
    const page = atLatest(environment, () => [
      ...environment.rows.getKeys({ start: after, end, limit: PAGE_SIZE }),
    ]);
    for (const key of page) yield keys.nameOf(group, key);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE_SIZE) return;
    after = Buffer.concat([last, Buffer.of(0)]);
  }
}
