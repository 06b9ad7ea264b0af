import { prove as proveBytes } from "./bytes.ts";
import { prove as proveClocks } from "./clocks.ts";
import { prove as proveClusterMethods } from "./cluster-methods.ts";
import { prove as proveCommands } from "./commands.ts";
import { prove as proveCorruptRecords } from "./corrupt-records.ts";
import { prove as proveDisjointWrites } from "./disjoint-writes.ts";
import type { Env } from "./env.ts";
import { prove as proveFalseSuccesses } from "./false-successes.ts";
import { prove as proveHostilePrefixes } from "./hostile-prefixes.ts";
import { prove as proveHttpIncrements } from "./http-increments.ts";
import { prove as proveLogoutAnswers } from "./logout-answers.ts";
import { prove as proveLogoutRaces } from "./logout-races.ts";
import { prove as proveMissedWrites } from "./missed-writes.ts";
import { prove as proveNewIds } from "./new-ids.ts";
import { prove as proveRedirectRaces } from "./redirect-races.ts";
import { prove as proveRegenerateRaces } from "./regenerate-races.ts";
import type { Row } from "./row.ts";
import { prove as proveStoreIncrements } from "./store-increments.ts";

export const sizes = ["full", "quick", "tiny"] as const;
export type Size = (typeof sizes)[number];

/** One file of this folder: plays `count` tries and says what came of it. */
export interface Measure {
  readonly name: string;
  /** How many tries, for each of {@link sizes}. */
  readonly counts: readonly [full: number, quick: number, tiny: number];
  prove(count: number, env: Env): Promise<readonly Row[]>;
}

export const measures: readonly Measure[] = [
  { name: "store-increments", counts: [1_000_000, 30_000, 600], prove: proveStoreIncrements },
  { name: "http-increments", counts: [100_000, 3_000, 120], prove: proveHttpIncrements },
  { name: "disjoint-writes", counts: [100_000, 3_000, 120], prove: proveDisjointWrites },
  { name: "logout-races", counts: [100_000, 3_000, 60], prove: proveLogoutRaces },
  { name: "regenerate-races", counts: [100_000, 1_500, 60], prove: proveRegenerateRaces },
  { name: "middleware-redirects", counts: [10_000, 600, 20], prove: proveRedirectRaces },
  { name: "middleware-outages", counts: [10_000, 400, 40], prove: proveFalseSuccesses },
  { name: "middleware-logouts", counts: [100_000, 1_200, 36], prove: proveLogoutAnswers },
  { name: "middleware-new-ids", counts: [100_000, 1_200, 36], prove: proveNewIds },
  { name: "middleware-changes", counts: [10_000_000, 200_000, 4_000], prove: proveMissedWrites },
  { name: "corrupt-records", counts: [100_000, 3_000, 150], prove: proveCorruptRecords },
  { name: "cluster-methods", counts: [1_000, 300, 30], prove: proveClusterMethods },
  { name: "hostile-prefixes", counts: [10_000, 300, 20], prove: proveHostilePrefixes },
  { name: "commands", counts: [1, 1, 1], prove: proveCommands },
  { name: "bytes", counts: [1, 1, 1], prove: proveBytes },
  { name: "clocks", counts: [3_000, 150, 9], prove: proveClocks },
];
