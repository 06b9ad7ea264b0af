import { type Key, open, type RootDatabase } from "lmdb";

/** Lets one thread of all processes of the machine in at a time. */
export interface Gate {
  /** Run `work` alone; blocks this thread until it is our turn. `work` must not be asynchronous. */
  readonly pass: <T>(work: () => T) => T;
  readonly close: () => void;
}

/**
 * The gate that whoever opens, writes to or closes a data file goes through. LMDB lets others commit while a
 * process opens the file, and the opening sets the number of the last transaction back to what it read at its
 * start (lmdb 3.5.6, `mti_txnid` in mdb_env_open2): the next writer would take the place of what was committed
 * in between. An environment that nothing is ever written to has nothing to set back; its write lock is the
 * gate. The kernel gives that lock to the next one when its owner is killed, whenever that happens.
 */
export function openGate(path: string): Gate {
  const gate: RootDatabase<Buffer, Key> = open({ path, noSubdir: true, maxReaders: 1, ...GATE_FLAGS });
  return {
    pass: <T>(work: () => T) => inTransaction(gate, work, SYNCHRONOUS_COMMIT),
    close: () => void gate.close(),
  };
}

/** There is nothing to be flushed. */
const GATE_FLAGS = { overlappingSync: false, noSync: true } as const;

/** The transaction is over when the call returns. */
export const SYNCHRONOUS_COMMIT: number = 0x2;

/**
 * Run `work` in a write transaction that has really begun: when LMDB refuses to begin one, lmdb goes on
 * without, and tells only when it commits.
 */
export function inTransaction<T>(root: RootDatabase<Buffer, Key>, work: () => T, flags: number): T {
  return root.transactionSync(() => {
    if ((root as unknown as Numbered).getWriteTxnId() === 0) {
      throw new Error("no transaction can be begun; a process that uses this file must start anew");
    }
    return work();
  }, flags);
}

/** Missing in lmdb's own types. */
interface Numbered {
  getWriteTxnId(): number;
}
