import { defaultTouchIntervalMs } from "./lifetime.ts";
import { ageOf, type EngineContext, type SessionState } from "./session-state.ts";

/**
 * How long an entry in a principal's index lives. A session whose entry is gone is missed by "log out
 * everywhere", so an entry is given two intervals more than its session; a write that moves the deadline and
 * finds less than one of them left enters it again. Hence at most one command more in each interval, and
 * none for requests that only read.
 */
function intervalMs(state: SessionState): number {
  return Math.max(SHORTEST_INTERVAL_MS, defaultTouchIntervalMs(state.idleMs));
}

/** A session of a few seconds would else be entered again with nearly every write. */
const SHORTEST_INTERVAL_MS = 1_000;

/** The age at which the session ends if its deadline is moved now. */
function deadlineOf(context: EngineContext, state: SessionState): number {
  const { absoluteMs } = context.policy.lifetime;
  return Math.min(ageOf(state) + state.idleMs, absoluteMs ?? Number.POSITIVE_INFINITY);
}

/** The place of a session in its principal's index, as one write is to leave it. */
export interface PrincipalEntryPlan {
  /** Kept from the moment the write began: the application may go on meanwhile. */
  readonly principal: string | undefined;
  /** The principal is another than what is stored. */
  readonly isEntering: boolean;
  /** The session must be entered, anew or again. */
  readonly isDue: boolean;
  /** The age of the session at which an entry that is made now ends. */
  readonly endMs: number;
}

/** Of a session that is nobody's. */
const NO_ENTRY: PrincipalEntryPlan = { principal: undefined, isEntering: false, isDue: false, endMs: 0 };

/**
 * For a write that moves the deadline. `principal`: the one that was set, or where that is not to be stored now, the
 * one that is. `isForced`: enter in any case, as for another key or an idle session.
 */
export function planEntry(
  context: EngineContext,
  state: SessionState,
  principal: string | undefined,
  isForced: boolean = false,
): PrincipalEntryPlan {
  if (principal === undefined && state.storedPrincipal === undefined && !isForced) return NO_ENTRY;
  const isEntering = principal !== state.storedPrincipal;
  const endMs = Math.floor(deadlineOf(context, state) + 2 * intervalMs(state));
  return {
    principal,
    isEntering,
    endMs,
    isDue: isForced || isEntering || isEntryDue(context, state, principal),
  };
}

/** How long an entry that is made now and ends at that age must live. */
export function entryLifetimeMs(state: SessionState, endMs: number): number {
  return Math.ceil(endMs - ageOf(state));
}

/** Whether an entry ends too close to its session or, its lifetime made shorter, would count long after it. */
function isEntryDue(context: EngineContext, state: SessionState, principal: string | undefined): boolean {
  if (context.index === undefined || principal === undefined || state.idleMs <= 0) return false;
  if (state.entryEndMs === undefined) return true;
  const slackMs = state.entryEndMs - deadlineOf(context, state);
  return slackMs < intervalMs(state) || slackMs > 3 * intervalMs(state) + 1;
}
