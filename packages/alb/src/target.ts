import type { TargetState, TargetView } from "./rules/claim.ts";
import { type Health, newHealth, slowStartShare } from "./rules/health.ts";

/** A request or WebSocket that a target is busy with; the deregistration delay may cut it short. */
interface InFlight {
  readonly ended: Promise<void>;
  cut(): void;
}

/** A registered target and what happened to it. */
export interface Target {
  readonly id: string;
  readonly url: URL;
  health: Health;
  /** Set while it leaves, and after. */
  leaving: "draining" | "unused" | undefined;
  slowStartSinceMs: number | undefined;
  /** Why the last health check failed, as a few words; empty after a success. */
  lastProblem: string;
  requests: number;
  readonly inFlight: Set<InFlight>;
}

export function newTarget(id: string): Target {
  return {
    id,
    url: new URL(id),
    health: newHealth,
    leaving: undefined,
    slowStartSinceMs: undefined,
    lastProblem: "",
    requests: 0,
    inFlight: new Set(),
  };
}

export function stateOf(target: Target): TargetState {
  return target.leaving ?? target.health.state;
}

export function viewTarget(target: Target, nowMs: number, slowStartMs: number): TargetView {
  return {
    id: target.id,
    state: stateOf(target),
    inFlight: target.inFlight.size,
    share: slowStartShare(target.slowStartSinceMs, nowMs, slowStartMs),
  };
}
