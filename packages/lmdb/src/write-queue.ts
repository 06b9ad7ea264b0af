import { channel } from "node:diagnostics_channel";
import { BackendError, type Rows, UnstickError } from "@unstick/session";
import { type Environment, reasonOf } from "./environment.ts";
import type { ResolvedOptions } from "./options.ts";
import type { RowKeys } from "./row-keys.ts";
import { stagedRows } from "./rows.ts";
import { sweepExpired } from "./sweep.ts";

/** What was acknowledged before it was on the disk did not get there: `{ reason }`. */
const flushFailed = channel("unstick.lmdb.flush-failed");

type Step<T> = (rows: Rows, now: number) => T;

interface QueuedStep {
  readonly step: Step<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Steps that are asked for in one turn of the event loop share one transaction, which begins and commits
 * without giving up the thread: the lock that all processes share is never held by a process that is busy
 * with something else (as it is in lmdb's asynchronous transactions).
 */
export function writeQueue(
  environment: Environment,
  keys: RowKeys,
  { now, durability }: ResolvedOptions,
): <T>(step: Step<T>) => Promise<T> {
  let queue: QueuedStep[] = [];
  const commitQueue = async (): Promise<void> => {
    const batch = queue;
    queue = [];
    try {
      const settle = commit(environment, keys, now(), batch);
      const flushed = environment.flush();
      if (durability === "disk") await flushed;
      else flushed.catch((error) => flushFailed.publish({ reason: reasonOf(error) }));
      settle();
    } catch (error) {
      const failure = new BackendError("lmdb", "commit", reasonOf(error), { cause: error });
      for (const { reject } of batch) reject(failure);
    }
  };
  return <T>(step: Step<T>) =>
    new Promise<T>((resolve, reject) => {
      if (queue.length === 0) setImmediate(commitQueue);
      queue.push({ step, resolve: resolve as (answer: unknown) => void, reject });
    });
}

/** Run a batch and answer what settles its promises: a write is acknowledged after the commit, not in it. */
function commit(
  environment: Environment,
  keys: RowKeys,
  now: number,
  batch: readonly QueuedStep[],
): () => void {
  return environment.write(() => {
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
  });
}
