import { CONCURRENCY_CASES } from "./concurrency-cases.ts";
import { COUNTER_CASES } from "./counter-cases.ts";
import { CREATE_CASES } from "./create-cases.ts";
import { DAMAGE_CASES } from "./damage-cases.ts";
import { DATA_CASES } from "./data-cases.ts";
import { DESTROY_CASES } from "./destroy-cases.ts";
import { DAMAGED_ENUMERATION_CASES, ENUMERATION_CASES } from "./enumeration-cases.ts";
import { LIFETIME_CASES } from "./lifetime-cases.ts";
import { PRINCIPAL_CASES } from "./principal-cases.ts";
import { RENAME_CASES } from "./rename-cases.ts";
import { type BackendLimits, type BackendSubject, registerCases, type TestKit } from "./subject.ts";
import { TOKEN_CASES } from "./token-cases.ts";
import { UPDATE_CASES } from "./update-cases.ts";

/**
 * Registers one test for each sentence of the contract of a backend, with the caller's own test function.
 * Assertions are those of `node:assert`, so any runner will do.
 *
 * @example
 * ```ts
 * import { test } from "node:test";
 * import { memoryBackend } from "@unstick/session";
 * import { backendConformance } from "@unstick/session/testing";
 *
 * backendConformance({ test }, async () => ({ backend: memoryBackend() }), { damage: false });
 * ```
 */
export function backendConformance(
  kit: TestKit,
  makeSubject: () => Promise<BackendSubject>,
  limits: BackendLimits = {},
): void {
  const { enumeration = true, principals = true, damage = true } = limits;
  registerCases(kit, makeSubject, limits, [
    ...CREATE_CASES,
    ...UPDATE_CASES,
    ...COUNTER_CASES,
    ...TOKEN_CASES,
    ...LIFETIME_CASES,
    ...DESTROY_CASES,
    ...RENAME_CASES,
    ...DATA_CASES,
    ...CONCURRENCY_CASES,
    ...(damage ? DAMAGE_CASES : []),
    ...(enumeration ? ENUMERATION_CASES : []),
    ...(enumeration && damage ? DAMAGED_ENUMERATION_CASES : []),
    ...(principals ? PRINCIPAL_CASES : []),
  ]);
}
