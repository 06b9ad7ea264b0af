import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program the tests need: the names it goes by on a PATH, and the Debian package that has it. */
export interface Program {
  readonly names: readonly string[];
  readonly debianPackage: string;
}

export const programs: Readonly<Record<"redis" | "chromium" | "haproxy", Program>> = {
  redis: { names: ["redis-server", "valkey-server"], debianPackage: "redis-server" },
  chromium: { names: ["chromium", "chromium-browser", "google-chrome"], debianPackage: "chromium" },
  haproxy: { names: ["haproxy"], debianPackage: "haproxy" },
};

/** Where Debian keeps servers although a user's PATH may not name it. */
const serverFolders = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"];

/** The full path of a program, or `undefined` when it is not installed. */
export function findProgram(program: Program): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...serverFolders];
  for (const folder of folders) {
    for (const name of program.names) {
      if (isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  return undefined;
}

/** The full path of a program that {@link ensureProgram} has seen; throws with what to install. */
export function requireProgram(program: Program): string {
  const path = findProgram(program);
  if (path === undefined) throw new Error(missing(program));
  return path;
}

/**
 * Find a program, or install its Debian package after saying so. Needs root and apt; elsewhere it throws
 * a sentence that names what to install.
 */
export async function ensureProgram(program: Program): Promise<string> {
  const found = findProgram(program);
  if (found !== undefined) return found;
  if (!canInstall()) throw new Error(missing(program));
  process.stderr.write(`installing Debian package ${program.debianPackage} (apt-get install)\n`);
  await install(program.debianPackage);
  return requireProgram(program);
}

export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

async function install(debianPackage: string): Promise<void> {
  // RUNLEVEL=1: Debian's maintainer scripts then leave the packaged service stopped (invoke-rc.d(8)).
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const options = { env, maxBuffer: 64 * 1024 * 1024 };
  await run("/usr/bin/apt-get", ["update", "-q"], options);
  await run("/usr/bin/apt-get", ["install", "-y", "-q", "--no-install-recommends", debianPackage], options);
}

function missing(program: Program): string {
  return `${program.names.join(" or ")} is not on the PATH: install it (Debian: apt-get install ${program.debianPackage})`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
