import type { Backend } from "../backend.ts";
import { OptionError } from "../errors.ts";
import { requireMs } from "./lifetime.ts";

export interface MetricsOptions {
  /**
   * Count the sessions, too: anew when metrics are collected and the last count is that old. Milliseconds, 1,000
   * or more. Counting walks over all keys of the backend, beside the requests; let one instance of a fleet do it.
   */
  readonly countEveryMs: number;
}

const SHORTEST_COUNT_MS = 1_000;

/** Throws {@link OptionError}. */
export function requireMetrics(option: unknown, backend: Backend): void {
  if (typeof option === "boolean") return;
  if (typeof option !== "object" || option === null)
    throw new OptionError("metrics", "must be true, false or { countEveryMs }");
  const [unknown] = Object.keys(option).filter((name) => name !== "countEveryMs");
  if (unknown !== undefined) throw new OptionError(`metrics.${unknown}`, "is not known");
  requireMs("metrics.countEveryMs", (option as Partial<MetricsOptions>).countEveryMs, SHORTEST_COUNT_MS);
  if (!("sessionKeys" in backend))
    throw new OptionError(
      "metrics.countEveryMs",
      `needs a backend that enumerates; ${backend.name} does not`,
    );
}
