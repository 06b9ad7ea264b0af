import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatTally, readTally } from "../testbed/src/tally.ts";

// `npm test`: every check, then every test, and `N passed, N failed, N skipped` as the last line whatever happens.
// A check that fails stops nothing, so that one run tells everything; it counts as one failure.
// `npm test -- some/path` runs only the tests that vitest finds there.

const filters = process.argv.slice(2);
const checks = ["lint", "typecheck", "knip", "build"];
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const folder = mkdtempSync(join(tmpdir(), "unstick-tally-"));
const tallyFile = join(folder, "tally.json");
const state = { interruptedBy: undefined as NodeJS.Signals | undefined, failedChecks: [] as string[] };

// We stay until the child is gone, for the closing line.
for (const signal of endings) {
  process.on(signal, () => {
    state.interruptedBy ??= signal;
  });
}
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

if (filters.length > 0) console.log(`only: vitest run ${filters.join(" ")}\n`);
for (const check of filters.length > 0 ? [] : checks) {
  if (state.interruptedBy !== undefined) break;
  console.log(`\n▸ ${check}`);
  const code = await run("npm", ["run", "--silent", check]);
  if (code !== 0) state.failedChecks.push(check);
}
const vitestCode = state.interruptedBy === undefined ? await runVitest() : 1;
close();

function runVitest(): Promise<number> {
  console.log("\n▸ vitest");
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  return run(process.execPath, [vitest, "run", ...filters], {
    UNSTICK_TALLY: tallyFile,
    ...(filters.length === 0 && { UNSTICK_BUILT: "1" }),
  });
}

/** Resolves with the exit code; a child that a signal ended has none and counts as failed. */
function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  const endChild = (): void => void child.kill("SIGTERM");
  for (const signal of endings) process.once(signal, endChild);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`${command} cannot be started: ${error.message}`);
      resolve(1);
    });
    child.once("close", (code) => {
      for (const signal of endings) process.off(signal, endChild);
      resolve(code ?? 1);
    });
  });
}

function close(): void {
  const tally = readTally(tallyFile);
  const failed = tally.failed + state.failedChecks.length;
  if (state.failedChecks.length > 0)
    console.log(`\nFailed before the tests: ${state.failedChecks.join(", ")}`);
  if (state.interruptedBy !== undefined) console.log(`\nInterrupted by ${state.interruptedBy}.`);
  process.exitCode = failed > 0 || vitestCode !== 0 ? 1 : 0;
  if (state.interruptedBy !== undefined) process.exitCode = 128 + constants.signals[state.interruptedBy];
  process.once("exit", () => writeSync(1, `\n${formatTally({ ...tally, failed })}\n`));
}
