import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { OptionError } from "@unstick/session";

export interface LmdbOptions {
  /**
   * The data file, shared by every process of this machine; beside it lie LMDB's lock file (`<path>-lock`) and
   * the gate that writers go through (`<path>-gate`, `<path>-gate-lock`).
   * Its folder must exist, on a local disk: LMDB does not work on network file systems.
   */
  readonly path: string;
  /**
   * Keeps applications apart that share one file: 1–64 characters of `[A-Za-z0-9_.:-]`.
   * Default `"unstick"`.
   */
  readonly prefix?: string;
  /**
   * When a write is acknowledged. `"process"` (default): when it is committed; a machine that loses power may
   * lose the last moments. `"disk"`: when the disk has it, too. A process that is killed (SIGKILL) loses
   * nothing that was acknowledged either way.
   */
  readonly durability?: "process" | "disk";
  /** Permissions of these files when they are made here. Default `0o600`: they hold sessions. */
  readonly mode?: number;
  /** The clock, in milliseconds since 1970, the same for all processes. Default `Date.now`. */
  readonly now?: () => number;
}

export type ResolvedOptions = Required<LmdbOptions>;

const DEFAULTS: Omit<ResolvedOptions, "path"> = {
  prefix: "unstick",
  durability: "process",
  mode: 0o600,
  now: () => Date.now(),
};

const PREFIX = /^[A-Za-z0-9_.:-]{1,64}$/;

/** @throws {OptionError} that names the option. */
export function resolveOptions(options: LmdbOptions): ResolvedOptions {
  const known = ["path", ...Object.keys(DEFAULTS)];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new OptionError(name, `is unknown; the options are ${known.join(", ")}`);
  }
  const { path, prefix = DEFAULTS.prefix, durability = DEFAULTS.durability } = options;
  const { mode = DEFAULTS.mode, now = DEFAULTS.now } = options;
  if (!PREFIX.test(prefix)) throw new OptionError("prefix", "must be 1-64 characters of [A-Za-z0-9_.:-]");
  if (durability !== "process" && durability !== "disk") {
    throw new OptionError("durability", 'must be "process" or "disk"');
  }
  if (!Number.isInteger(mode) || (mode & 0o600) !== 0o600 || mode > 0o777) {
    throw new OptionError(
      "mode",
      "must be file permissions that let the owner read and write, such as 0o600",
    );
  }
  if (typeof now !== "function") throw new OptionError("now", "must be a function that answers milliseconds");
  return { path: dataFile(path), prefix, durability, mode, now };
}

function dataFile(path: string): string {
  if (typeof path !== "string" || path === "") {
    throw new OptionError("path", "is required: the data file that all processes of this machine share");
  }
  const file = resolve(path);
  if (!isDirectory(dirname(file))) {
    throw new OptionError(
      "path",
      `the folder ${dirname(file)} does not exist or is no folder; create it first`,
    );
  }
  if (isDirectory(file)) {
    throw new OptionError("path", `${file} is a folder; name a file in it, such as ${file}/sessions.mdb`);
  }
  return file;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
