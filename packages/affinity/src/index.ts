export type { Affinity, AffinityHolder, RequestAffinity } from "./affinity.ts";
export type { AffinityControls } from "./binder.ts";
export { cookieNameProblem, type ReservedCookiePrefix, reservedCookiePrefix } from "./cookie-name.ts";
export type { AffinityCounters, AffinityEvent, AffinityMessage } from "./counters.ts";
export {
  type AffinityState,
  type Decision,
  type DecisionConfig,
  type DecisionInput,
  decide,
} from "./decide.ts";
export { AffinityError, AffinityOptionError } from "./errors.ts";
export { type AffinityConfig, type AffinityOptions, affinityDefaults, readOptions } from "./options.ts";
export type { NodeRequest } from "./request.ts";
export type { NodeResponse } from "./response-head.ts";
