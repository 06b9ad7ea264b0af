import { channel } from "node:diagnostics_channel";
import { BackendError, type Rows, type Table, UnstickError } from "@unstick/session";
import { type Environment, leaveEnvironment, openEnvironment, reasonOf } from "./environment.ts";
import type { ResolvedOptions } from "./options.ts";
import { type RowKeys, rowKeys } from "./row-keys.ts";
import { stagedRows, storedRows } from "./rows.ts";
import { sweepExpired } from "./sweep.ts";

const NAME = "lmdb";

/** What was acknowledged before it was on the disk did not get there: `{ reason }`. */
const flushFailed = channel("unstick.lmdb.flush-failed");

/** Committed when the call returns, flushed to the disk by the flusher: LMDB's own flags for that. */
const COMMIT_WITHOUT_FLUSH: number = 0x10002;

/** Keys of a page of an enumeration: no snapshot is held, and no turn of the event loop taken, for long. */
const PAGE_SIZE = 256;

interface QueuedStep {
  readonly step: (rows: Rows, now: number) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A table in an LMDB file. Steps that are asked for in one turn of the event loop share one transaction,
 * which begins and commits without giving up the thread: the lock that all processes share is never held
 * by a process that is busy with something else (as it is in lmdb's asynchronous transactions).
 */
export function lmdbTable(options: ResolvedOptions): Table {
  const environment = openEnvironment(options.path, options.mode);
  const keys = rowKeys(options.prefix);
  let queue: QueuedStep[] = [];
  let closed: Promise<void> | undefined;

  const commitQueue = async (): Promise<void> => {
    const batch = queue;
    queue = [];
    try {
      const settle = commit(environment, keys, options.now(), batch);
      const flushed = environment.flush();
      if (options.durability === "disk") await flushed;
      else flushed.catch((error) => flushFailed.publish({ reason: reasonOf(error) }));
      settle();
    } catch (error) {
      const failure = new BackendError(NAME, "commit", reasonOf(error), { cause: error });
      for (const { reject } of batch) reject(failure);
    }
  };
  const assertOpen = (): void => {
    if (closed !== undefined) throw new BackendError(NAME, "call", "it is closed");
  };

  return {
    name: NAME,
    read: async (step) => {
      assertOpen();
      const now = options.now();
      return atLatest(environment, () => step(storedRows(environment.rows, keys, now), now));
    },
    write: async (step) => {
      assertOpen();
      return new Promise((resolve, reject) => {
        if (queue.length === 0) setImmediate(commitQueue);
        queue.push({ step, resolve: resolve as (answer: unknown) => void, reject });
      });
    },
    keys: (group, prefix) => pagedKeys(environment, keys, group, prefix, assertOpen),
    close: () => {
      closed ??= new Promise<void>((resolve) => setImmediate(resolve))
        .then(environment.flush)
        .then(() => leaveEnvironment(environment));
      return closed;
    },
  };
}

/** Run a batch and answer what settles its promises: a write is acknowledged after the commit, not in it. */
function commit(
  environment: Environment,
  keys: RowKeys,
  now: number,
  batch: readonly QueuedStep[],
): () => void {
  return environment.root.transactionSync(() => {
    const settlements = batch.map(({ step, resolve, reject }) => {
      const staged = stagedRows(environment, keys, now);
      try {
        const answer = step(staged.rows, now);
        staged.apply();
        return () => resolve(answer);
      } catch (error) {
        // A step that refuses has written nothing; anything else ends the whole transaction.
        if (error instanceof UnstickError) return () => reject(error);
        throw error;
      }
    });
    sweepExpired(environment, now, batch.length);
    return () => {
      for (const settle of settlements) settle();
    };
  }, COMMIT_WITHOUT_FLUSH);
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
