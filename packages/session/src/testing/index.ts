export { backendConformance } from "./backend-conformance.ts";
export { sharedStateConformance } from "./shared-state-conformance.ts";
export type { BackendLimits, BackendSubject, StateSubject, StoreLimits, TestKit } from "./subject.ts";
