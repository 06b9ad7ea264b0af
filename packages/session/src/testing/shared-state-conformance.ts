import { STATE_CASES } from "./state-cases.ts";
import { STATE_DATA_CASES } from "./state-data-cases.ts";
import { registerCases, type StateSubject, type StoreLimits, type TestKit } from "./subject.ts";

/** Registers one test for each sentence of the contract of shared state; see {@link backendConformance}. */
export function sharedStateConformance(
  kit: TestKit,
  makeSubject: () => Promise<StateSubject>,
  limits: StoreLimits = {},
): void {
  registerCases(kit, makeSubject, limits, [...STATE_CASES, ...STATE_DATA_CASES]);
}
