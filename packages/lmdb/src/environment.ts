import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { OptionError } from "@unstick/session";
import { type Database, open, type RootDatabase } from "lmdb";
import { flusher } from "./flusher.ts";

/** One open data file. However often a process opens a path, it is one environment: LMDB asks for that. */
export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly rows: Database<Buffer, Buffer>;
  /** `[time as 8 bytes][row key]` → nothing: what expires first comes first. */
  readonly expiry: Database<Buffer, Buffer>;
  /** Answers when what was committed before the call is on the disk. */
  readonly flush: () => Promise<void>;
}

interface SharedEnvironment extends Environment {
  users: number;
}

const environments = new Map<string, SharedEnvironment>();

/** Processes and threads that may read at once; LMDB's own default of 126 is few for a large machine. */
const MAX_READERS = 1_024;

export function openEnvironment(path: string, mode: number): Environment {
  createPrivately(path, mode);
  // Closing any descriptor of the lock file gives up the locks that this process holds on it (fcntl(2)), and the
  // next process to open it would then take itself for the first and make its mutexes anew.
  if (!existsSync(`${path}-lock`)) createPrivately(`${path}-lock`, mode);
  const file = realpathSync(path);
  assertDataFile(file);
  const environment = environments.get(file) ?? openFile(file);
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
    await shared.root.close();
  }
}

function openFile(path: string): SharedEnvironment {
  const layout = { encoding: "binary", keyEncoding: "binary" } as const;
  try {
    const root = withoutExitListener(() =>
      open<Buffer, Buffer>({ path, noSubdir: true, maxReaders: MAX_READERS, ...layout }),
    );
    const rows = root.openDB<Buffer, Buffer>({ name: "unstick.rows", ...layout });
    const expiry = root.openDB<Buffer, Buffer>({ name: "unstick.expiry", ...layout });
    return { root, rows, expiry, flush: flusher(root), users: 0 };
  } catch (error) {
    throw new OptionError("path", `${path} cannot be opened as an LMDB file (${reasonOf(error)}); ${REMEDY}`);
  }
}

/**
 * At `process.exit()` lmdb's listener takes the file from under a flush that is under way in another thread,
 * and the process crashes on its way out. Without it the file is closed a moment later, by the hook that
 * lmdb leaves with Node, which waits for such threads first.
 */
function withoutExitListener<T>(openFirst: () => T): T {
  const known = process.listeners("exit");
  const opened = openFirst();
  for (const listener of process.listeners("exit")) {
    if (!known.includes(listener)) process.removeListener("exit", listener);
  }
  return opened;
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
