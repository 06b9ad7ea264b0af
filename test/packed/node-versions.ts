import { run } from "./run.ts";

/** The versions of Node on which the tarballs are used: the oldest that `engines` allows, and each line that is alive. */
export const nodeVersions: readonly string[] = ["20.19", "22", "24", "26"];

/**
 * The path of that Node, from npm's `node` package. Its installer puts the binary there in a script, which this tree's
 * settings forbid: hence the flag, and a folder outside.
 */
export async function findNode(version: string, cwd: string): Promise<string> {
  const args = ["--yes", "--prefer-offline", "--ignore-scripts=false", `--package=node@${version}`];
  const printed = await run(cwd, "npx", [
    ...args,
    "--",
    "node",
    "-p",
    "process.version + ' ' + process.execPath",
  ]);
  const [found = "", path = ""] = printed.trim().split(" ");
  if (!found.startsWith(`v${version}.`)) throw new Error(`asked npm for node@${version}, got ${found}`);
  return path;
}
