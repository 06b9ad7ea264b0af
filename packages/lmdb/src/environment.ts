import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { OptionError } from "@unstick/session";
import { type Database, open, type RootDatabase } from "lmdb";
import { flusher } from "./flusher.ts";
import { type Gate, inTransaction, openGate, SYNCHRONOUS_COMMIT } from "./gate.ts";

/** One open data file. However often a process opens a path, it is one environment: LMDB asks for that. */
export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly rows: Database<Buffer, Buffer>;
  /** `[time as 8 bytes][row key]` → nothing: what expires first comes first. */
  readonly expiry: Database<Buffer, Buffer>;
  /** Run `step` in a write transaction; what it wrote is committed when the call returns, or it throws. */
  readonly write: <T>(step: () => T) => T;
  /** Answers when what was committed before the call is on the disk. */
  readonly flush: () => Promise<void>;
}

interface SharedEnvironment extends Environment {
  readonly close: () => void;
  users: number;
}

const environments = new Map<string, SharedEnvironment>();

/**
 * Each commit flushes its pages before it shows them, so that the file is whole whatever happens to the
 * machine; that the last transaction is there at all is left to the next flush (`MDB_NOMETASYNC` in lmdb.h).
 * lmdb's default, overlapping flushes, waits for two of them in a synchronous commit, and breaks the other
 * processes when one is killed in a flush: whoever takes over its mutex resets what only a writer may touch.
 */
const COMMIT: number = SYNCHRONOUS_COMMIT | 0x4_0000;

/** Processes and threads that may read at once; LMDB's own default of 126 is few for a large machine. */
const MAX_READERS = 1_024;

export function openEnvironment(path: string, mode: number): Environment {
  createPrivately(path, mode);
  const file = realpathSync(path);
  assertDataFile(file);
  const environment = environments.get(file) ?? openFile(file, mode);
  environments.set(file, environment);
  environment.users += 1;
  return environment;
}

/** The file is closed when its last user has left. */
export async function leaveEnvironment(environment: Environment): Promise<void> {
  for (const [path, shared] of environments) {
    if (shared !== environment) continue;
    shared.users -= 1;
    if (shared.users > 0) return;
    environments.delete(path);
    // Closing a file under a running flush would take the ground from under its thread.
    await shared.flush().catch(() => {});
    shared.close();
  }
}

function openFile(path: string, mode: number): SharedEnvironment {
  const gateFile = `${path}-gate`;
  createPrivately(gateFile, mode);
  // Closing any descriptor of a lock file gives up the locks that this process holds on it (fcntl(2)), and the
  // next process to open it would then take itself for the first and make its mutexes anew.
  for (const lock of [`${path}-lock`, `${gateFile}-lock`]) if (!existsSync(lock)) createPrivately(lock, mode);
  let gate: Gate | undefined;
  try {
    gate = openGate(gateFile);
    return throughGate(path, gate);
  } catch (error) {
    gate?.close();
    throw new OptionError("path", `${path} cannot be opened as an LMDB file (${reasonOf(error)}); ${REMEDY}`);
  }
}

function throughGate(path: string, gate: Gate): SharedEnvironment {
  const databases = gate.pass(() => openDatabases(path));
  const { root } = databases;
  return {
    ...databases,
    write: (step) => gate.pass(() => inTransaction(root, step, COMMIT)),
    flush: flusher(root),
    close: () => {
      gate.pass(() => void root.close());
      gate.close();
    },
    users: 0,
  };
}

function openDatabases(path: string): Pick<Environment, "root" | "rows" | "expiry"> {
  const layout = { encoding: "binary", keyEncoding: "binary" } as const;
  const files = { path, noSubdir: true, maxReaders: MAX_READERS, overlappingSync: false };
  const root = open<Buffer, Buffer>({ ...files, ...layout });
  const rows = root.openDB<Buffer, Buffer>({ name: "unstick.rows", ...layout });
  const expiry = root.openDB<Buffer, Buffer>({ name: "unstick.expiry", ...layout });
  return { root, rows, expiry };
}

const REMEDY =
  "give a file that this process may read and write and that LMDB made, or a name not in use yet";

/** LMDB's mark stands behind the header of each of the first two pages. */
const PAGE_HEADER_BYTES = 24;
const MARK = 0xbe_ef_c0_de;

/** Opening a file that is none of its own crashes LMDB's native part, so the mark is looked at before. */
function assertDataFile(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const head = Buffer.alloc(PAGE_HEADER_BYTES + 4);
    readSync(descriptor, head, 0, head.length, 0);
    const marks = [head.readUInt32LE(PAGE_HEADER_BYTES), head.readUInt32BE(PAGE_HEADER_BYTES)];
    if (size !== 0 && !marks.includes(MARK)) {
      throw new OptionError("path", `${path} is not empty and no file of LMDB; ${REMEDY}`);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** LMDB would make its files readable for everybody. */
function createPrivately(path: string, mode: number): void {
  try {
    closeSync(openSync(path, "a+", mode));
  } catch (error) {
    throw new OptionError("path", `${path} cannot be opened for writing (${reasonOf(error)}); ${REMEDY}`);
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
