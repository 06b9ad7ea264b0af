import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// The promise that a hosted run relies on: whatever happens to `npm test`, its last line is the tally,
// and a run that proves less than everything does not exit with 0.

const driver = fileURLToPath(new URL("../scripts/test.ts", import.meta.url));
const cwd = fileURLToPath(new URL("fixtures/test-run", import.meta.url));
const tsx = createRequire(import.meta.url).resolve("tsx");

/** Our own run is a vitest run as well: what it put into the environment stays out of the inner one. */
function start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const { PATH = "", HOME = "" } = process.env;
  return spawn(process.execPath, ["--import", tsx, driver, ...args], {
    cwd,
    env: { PATH, HOME, FIXTURE_TYPECHECK: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function finish(child: ChildProcess): Promise<{ code: number; output: string; lastLine: string }> {
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, "close");
  return { code, output, lastLine: output.trimEnd().split("\n").at(-1) ?? "" };
}

test.concurrent.each([
  ["all is well", ["good"], {}, 0, "2 passed, 0 failed, 0 skipped"],
  ["a test fails", ["bad"], {}, 1, "1 passed, 1 failed, 0 skipped"],
  ["a file cannot be imported", ["good", "broken-import"], {}, 1, "2 passed, 1 failed, 0 skipped"],
  ["a hook throws", ["good", "broken-hook"], {}, 1, "2 passed, 1 failed, 1 skipped"],
  ["something throws late", ["late-error"], {}, 1, "1 passed, 1 failed, 0 skipped"],
  ["the set-up fails", ["good"], { FIXTURE_SETUP: "broken-setup.ts" }, 1, "0 passed, 1 failed, 0 skipped"],
  ["the configuration is broken", ["--config", "nowhere.ts"], {}, 1, "0 passed, 1 failed, 0 skipped"],
  ["nothing matches", ["no-such-path"], {}, 1, "0 passed, 1 failed, 0 skipped"],
  ["a test is skipped", ["skipped"], {}, 0, "1 passed, 0 failed, 1 skipped"],
  ["a test is skipped under CI", ["skipped"], { CI: "true" }, 1, "1 passed, 0 failed, 1 skipped"],
])("when %s, the last line says so", async (_name, args, env, code, lastLine) => {
  const run = await finish(start(args, env));
  expect(run.lastLine, run.output).toBe(lastLine);
  expect(run.code).toBe(code);
  expect(run.output.includes("case.ts > does not run")).toBe(args.includes("skipped"));
});

test("a check that fails is a failure, and the tests still run", async () => {
  const run = await finish(start([], { FIXTURE_TYPECHECK: "2", FIXTURE_SETUP: "broken-setup.ts" }));
  expect(run.output).toContain("Failed before the tests: typecheck");
  expect(run.output).toContain("Not on the PATH: redis-server");
  expect([run.lastLine, run.code]).toEqual(["0 passed, 2 failed, 0 skipped", 1]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("after %s the line says what had passed, and one failure more", async (signal, code) => {
  const child = start(["good", "endless", "--no-file-parallelism"]);
  child.stdout?.on("data", (chunk) => {
    if (String(chunk).includes("waiting")) child.kill(signal);
  });
  const run = await finish(child);
  expect(run.lastLine).toMatch(/^\d passed, 1 failed, \d skipped$/);
  expect(run.output).toContain(`Interrupted by ${signal}`);
  expect(run.code).toBe(code);
});
