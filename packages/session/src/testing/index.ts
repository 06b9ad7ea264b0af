export { backendConformance } from "./backend-conformance.ts";
export { backendMatchesModel, type ModelRunOptions } from "./backend-model.ts";
export { sharedStateConformance } from "./shared-state-conformance.ts";
export type { BackendLimits, BackendSubject, StateSubject, StoreLimits, TestKit } from "./subject.ts";
