import { writeFileSync, writeSync } from "node:fs";
import type { Reporter, TestCase, TestModule, TestRunEndReason, Vitest } from "vitest/node";
import { formatTally, type Tally } from "./tally.ts";

/**
 * Prints `N passed, N failed, N skipped` as the very last line of a vitest run, or leaves it in the file that
 * UNSTICK_TALLY names, for `npm test` to print. Says which tests were skipped; under CI one skipped test fails the run.
 */
export default class ClosingLine implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
    if (process.env.UNSTICK_TALLY) return;
    process.once("exit", () => writeSync(1, `\n${formatTally(this.tally)}\n`));
  }

  private tally: Tally = { passed: 0, failed: 1, skipped: 0, isComplete: false };

  onTestModuleEnd(): void {
    this.keep({ ...countTests(this.vitest?.state.getTestModules() ?? []), isComplete: false });
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    unhandled: readonly unknown[],
    reason: TestRunEndReason,
  ): void {
    const count = countTests(modules);
    count.failed += unhandled.length;
    // A global set-up that failed, a filter that matches nothing, an interrupt: no test failed, and yet nothing is proved.
    if (reason !== "passed" && count.failed === 0) count.failed = 1;
    this.keep({ ...count, isComplete: true });
    explainSkips(modules);
  }

  private keep(tally: Tally): void {
    this.tally = tally;
    const file = process.env.UNSTICK_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}

/** A file that could not be imported and a suite whose hook threw are failures of their own. */
function countTests(modules: readonly TestModule[]): { passed: number; failed: number; skipped: number } {
  const states = modules.flatMap((module) =>
    [...module.children.allTests()].map((test) => test.result().state),
  );
  const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const brokenGroups = groups.filter((group) => group.errors().length > 0);
  const count = (state: string): number => states.filter((one) => one === state).length;
  return {
    passed: count("passed"),
    failed: count("failed") + brokenGroups.length,
    skipped: count("skipped") + count("pending"),
  };
}

/** Of a suite whose hook threw the error itself is on the screen; its tests need no mention. */
function explainSkips(modules: readonly TestModule[]): void {
  const skipped = modules.flatMap((module) => [...module.children.allTests()].filter(isSkipped));
  const isForbidden = Boolean(process.env.CI) && skipped.length > 0;
  if (skipped.length > 0) console.log(isForbidden ? "\nSkipped, and CI allows no skips:" : "\nSkipped:");
  for (const test of skipped) console.log(`  ${test.module.relativeModuleId} > ${test.fullName}`);
  if (isForbidden) process.exitCode = 1;
}

function isSkipped(test: TestCase): boolean {
  const { state } = test.result();
  return (state === "skipped" || state === "pending") && !isInBrokenGroup(test);
}

function isInBrokenGroup(test: TestCase): boolean {
  let group = test.parent;
  while (group.type === "suite" && group.errors().length === 0) group = group.parent;
  return group.errors().length > 0;
}
