import type { Backend, PrincipalIndex, SessionEnumeration } from "../backend.ts";
import { OptionError } from "../errors.ts";
import type { SharedState } from "../shared-state.ts";
import { tableBackend } from "../table/table-backend.ts";
import { tableState } from "../table/table-state.ts";
import { memoryTable } from "./memory-table.ts";

export interface MemoryOptions {
  /**
   * The clock, in milliseconds. Default: a clock that setting the machine's time does not move
   * (`performance.timeOrigin + performance.now()`).
   */
  readonly now?: () => number;
}

/**
 * Sessions in the memory of this process: for tests, and for an application that runs as one process and may
 * lose its sessions with it. What has expired is removed bit by bit with each write; there is no timer.
 *
 * @throws {OptionError} on an unknown option.
 */
export function memoryBackend(options: MemoryOptions = {}): Backend & SessionEnumeration & PrincipalIndex {
  return tableBackend(memoryTable(clockOf(options)));
}

/**
 * Shared state in the memory of this process. Instances do not share it: for tests and single processes.
 *
 * @throws {OptionError} on an unknown option.
 */
export function memoryState(options: MemoryOptions = {}): SharedState {
  return tableState(memoryTable(clockOf(options)));
}

function clockOf(options: MemoryOptions): () => number {
  for (const name of Object.keys(options)) {
    if (name !== "now") throw new OptionError(name, "is unknown; the only option is now");
  }
  if (options.now !== undefined && typeof options.now !== "function") {
    throw new OptionError("now", "must be a function that answers milliseconds");
  }
  return options.now ?? steadyNow;
}

const { timeOrigin } = performance;

function steadyNow(): number {
  return Math.floor(timeOrigin + performance.now());
}
