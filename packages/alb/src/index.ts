export { type Assumptions, defaultAssumptions } from "./assumptions.ts";
export { AlbError, type AlbErrorCode } from "./errors.ts";
export type {
  AlbOptions,
  Algorithm,
  HealthCheckOptions,
  StickinessOptions,
  StickinessType,
  TargetGroupOptions,
  TargetGroupSettings,
} from "./options.ts";
export type { Pinned } from "./pin-book.ts";
export type { TargetState } from "./rules/claim.ts";
export { type Alb, startAlb } from "./start-alb.ts";
export type { AlbStatus, TargetStatus } from "./status/report.ts";
