import type { RootDatabase } from "lmdb";

/**
 * Brings the last commits to the disk, off this thread, at most one flush at a time. Each call answers when
 * what was committed before it is on the disk.
 */
export function flusher(root: RootDatabase<Buffer, Buffer>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running = sync(root).finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

function sync(root: RootDatabase<Buffer, Buffer>): Promise<void> {
  return new Promise((resolve, reject) => {
    (root as unknown as Syncable).sync((error) => (error ? reject(error) : resolve()));
  });
}

/** Missing in lmdb's own types. */
interface Syncable {
  sync(done: (error?: Error | null) => void): void;
}
