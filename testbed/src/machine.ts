import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What provisioning asks of the machine; the tests hand in others. */
export interface Machine {
  readonly path: string;
  /** Where Debian keeps servers although a user's PATH may not name it. */
  readonly serverFolders: readonly string[];
  readonly isRoot: boolean;
  readonly aptGet: string;
  install(debianPackages: readonly string[]): Promise<void>;
  hasDockerEngine(): Promise<boolean>;
  say(sentence: string): void;
}

const aptGet = "/usr/bin/apt-get";

export const thisMachine: Machine = {
  path: process.env.PATH ?? "",
  serverFolders: ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"],
  isRoot: process.getuid?.() === 0,
  aptGet,
  install: (debianPackages) => installPackages(aptGet, debianPackages),
  hasDockerEngine,
  say: (sentence) => void process.stderr.write(`${sentence}\n`),
};

/** `apt-get update` and `install`; throws the end of what apt said. */
export async function installPackages(aptGetPath: string, debianPackages: readonly string[]): Promise<void> {
  // RUNLEVEL=1: Debian's maintainer scripts then leave the packaged service stopped (invoke-rc.d(8)).
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const waitForOthers = ["-q", "-o", "DPkg::Lock::Timeout=300"];
  const steps = [
    ["update", ...waitForOthers],
    ["install", "-y", "--no-install-recommends", ...waitForOthers, ...debianPackages],
  ];
  for (const step of steps) {
    try {
      await promisify(execFile)(aptGetPath, step, { env, maxBuffer: 64 * 1024 * 1024 });
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim().split("\n").slice(-5).join("\n") ?? "";
      throw new Error(`apt-get ${step[0]} failed, install ${debianPackages.join(", ")} by hand:\n${said}`, {
        cause: error,
      });
    }
  }
}

/** Loaded only when asked: most machines have the programs themselves. */
async function hasDockerEngine(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}
