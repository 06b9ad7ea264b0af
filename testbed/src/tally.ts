import { readFileSync } from "node:fs";

/** What a run came to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** False while tests run: a run that was killed leaves it so. */
  readonly isComplete: boolean;
}

export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** The tally that a run left in `file`; a run that left none, or died half-way, counts as one failure more. */
export function readTally(file: string): Tally {
  try {
    const tally = JSON.parse(readFileSync(file, "utf8")) as Tally;
    return tally.isComplete ? tally : { ...tally, failed: tally.failed + 1 };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, isComplete: false };
  }
}
