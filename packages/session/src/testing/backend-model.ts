import type fastCheck from "fast-check";
import { modelCommands } from "./model-commands.ts";
import { SessionModel } from "./session-model.ts";
import type { BackendSubject } from "./subject.ts";

export interface ModelRunOptions {
  /** Sequences of calls that are tried. Default 200. */
  readonly runs?: number;
  /** Calls in the longest of them. Default 60. */
  readonly maxCommands?: number;
  /** Repeats a run that failed: fast-check prints it. */
  readonly seed?: number;
}

/**
 * Holds a backend against a model of the contract, by random sequences of calls that are shrunk to the
 * shortest one that differs. Takes the `fast-check` (4 or later) that the caller has. Time passes only
 * where the subject can `advance` its clock; every run gets a subject of its own.
 */
export async function backendMatchesModel(
  fc: typeof fastCheck,
  makeSubject: () => Promise<BackendSubject>,
  options: ModelRunOptions = {},
): Promise<void> {
  const { runs = 200, maxCommands = 60, seed } = options;
  const probe = await makeSubject();
  await probe.close?.();
  const commands = modelCommands(fc, probe.advance !== undefined);
  const property = fc.asyncProperty(fc.commands(commands, { maxCommands, size: "max" }), async (sequence) => {
    const subject = await makeSubject();
    try {
      await fc.asyncModelRun(() => ({ model: new SessionModel(), real: subject }), sequence);
    } finally {
      await subject.close?.();
    }
  });
  await fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}
