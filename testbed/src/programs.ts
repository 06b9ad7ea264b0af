import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Machine, thisMachine } from "./machine.ts";

/** A program the tests need: the names it goes by on a PATH, the Debian package and the image that have it. */
export interface Program {
  readonly names: readonly string[];
  readonly debianPackage: string;
  /** Where a Docker engine answers, Testcontainers runs this image instead of an installed program. */
  readonly image?: string;
}

export const programs: Readonly<Record<"redis" | "chromium" | "haproxy", Program>> = {
  redis: { names: ["redis-server", "valkey-server"], debianPackage: "redis-server", image: "redis:8" },
  chromium: { names: ["chromium", "chromium-browser", "google-chrome"], debianPackage: "chromium" },
  haproxy: { names: ["haproxy"], debianPackage: "haproxy" },
};

/** The full path of a program, or `undefined` when it is not installed. */
export function findProgram(program: Program, machine: Machine = thisMachine): string | undefined {
  const folders = [...machine.path.split(delimiter).filter(Boolean), ...machine.serverFolders];
  for (const folder of folders) {
    for (const name of program.names) {
      if (isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  return undefined;
}

/** The full path of a program that {@link ensurePrograms} has seen; throws with what to install. */
export function requireProgram(program: Program, machine: Machine = thisMachine): string {
  const path = findProgram(program, machine);
  if (path === undefined) throw new Error(explainMissing([program]));
  return path;
}

/**
 * Make sure that each program can be started: it is on the PATH; else Testcontainers can run its image; else, as root
 * on Debian, its package is installed after saying so; else this throws a sentence that says what to install.
 */
export async function ensurePrograms(
  wanted: readonly Program[],
  machine: Machine = thisMachine,
): Promise<void> {
  const missing: Program[] = [];
  for (const program of wanted) {
    const isThere = findProgram(program, machine) !== undefined || (await runsInContainer(program, machine));
    if (!isThere) missing.push(program);
  }
  if (missing.length === 0) return;
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (!machine.isRoot || !isExecutable(machine.aptGet)) throw new Error(explainMissing(missing));
  machine.say(
    `not on this machine, so installing Debian's package: ${packages.join(", ")} (apt-get install)`,
  );
  await machine.install(packages);
  for (const program of missing) requireProgram(program, machine);
}

async function runsInContainer(program: Program, machine: Machine): Promise<boolean> {
  if (program.image === undefined || !(await machine.hasDockerEngine())) return false;
  machine.say(`${program.names[0]} is not on this machine: Testcontainers runs ${program.image}`);
  return true;
}

function explainMissing(missing: readonly Program[]): string {
  const names = missing.map((program) => program.names.join(" or ")).join(", ");
  const packages = missing.map(({ debianPackage }) => debianPackage).join(" ");
  const container = missing.some(({ image }) => image !== undefined)
    ? " For Redis a running Docker engine will do, too."
    : "";
  return `Not on the PATH: ${names}. Install it, or run this as root on Debian (apt-get install ${packages}).${container}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
