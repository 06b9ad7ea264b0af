import type { HealthCheck } from "../settings.ts";
import type { TargetState } from "./claim.ts";

/** What health checks have made of a target so far. */
export interface Health {
  readonly state: "initial" | "healthy" | "unhealthy";
  /** Checks in a row that ended like the last one. */
  readonly streak: number;
  readonly hasPassedLast: boolean;
}

export const newHealth: Health = { state: "initial", streak: 0, hasPassedLast: false };

/** [D] One success makes a new target healthy; after that the thresholds count successes or failures in a row. */
export function nextHealth(
  health: Health,
  hasPassed: boolean,
  check: Pick<HealthCheck, "healthyThreshold" | "unhealthyThreshold">,
): Health {
  const streak = health.hasPassedLast === hasPassed ? health.streak + 1 : 1;
  const next = { streak, hasPassedLast: hasPassed };
  if (hasPassed && (health.state === "initial" || streak >= check.healthyThreshold)) {
    return { state: "healthy", ...next };
  }
  if (!hasPassed && streak >= check.unhealthyThreshold) return { state: "unhealthy", ...next };
  return { state: health.state, ...next };
}

/** [D] Matcher of status codes: single ones, lists and ranges. */
export function matchesStatus(status: number, matcher: string): boolean {
  return matcher.split(",").some((part) => {
    const [low = "", high = low] = part.trim().split("-");
    return status >= Number(low) && status <= Number(high);
  });
}

/** [D] Slow start: the share grows linearly from the moment the target turned healthy. */
export function slowStartShare(sinceMs: number | undefined, nowMs: number, durationMs: number): number {
  if (sinceMs === undefined || nowMs >= sinceMs + durationMs) return 1;
  return Math.max((nowMs - sinceMs) / durationMs, 0.01);
}

/** [D] A target warms up only where another healthy one, not in slow start itself, carries the load. */
export function startsSlowly(
  others: readonly { readonly state: TargetState; readonly share: number }[],
): boolean {
  return others.some(({ state, share }) => state === "healthy" && share === 1);
}
