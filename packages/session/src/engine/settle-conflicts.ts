import type { Attributes, UpdateOutcome } from "../backend.ts";
import { SessionConflictError } from "./errors.ts";
import { emit } from "./events.ts";
import { type EngineContext, eventOf, type SessionState } from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/** How often a declared merge is tried against writers that come between. */
const MOST_MERGES = 64;

type Conflict = Extract<UpdateOutcome, { outcome: "conflict" }>;
type Settled<Result> = Exclude<Result, { outcome: "conflict" }>;

/** Repeat a conditional write, merging by the rules, until it applies or nothing is left to try. */
export function settleConflicts<Result extends { readonly outcome: string }>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: () => Promise<Result | Conflict>,
): Promise<Settled<Result>> {
  return write().then((result) =>
    isConflict(result) ? settle(context, state, plan, write, result) : (result as Settled<Result>),
  );
}

async function settle<Result extends { readonly outcome: string }>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: () => Promise<Result | Conflict>,
  first: Conflict,
): Promise<Settled<Result>> {
  let conflict = first;
  for (let attempt = 0; ; attempt++) {
    const names = rebase(context, state, plan, conflict.current);
    if (attempt >= MOST_MERGES) throw new SessionConflictError(names);
    emit("conflict", () => ({ ...eventOf(context, state.key), attributes: names, resolution: "merged" }));
    const result = await write();
    if (!isConflict(result)) return result as Settled<Result>;
    conflict = result;
  }
}

function isConflict(result: { readonly outcome: string }): result is Conflict {
  return result.outcome === "conflict";
}

function rebase(context: EngineContext, state: SessionState, plan: WritePlan, current: Attributes): string[] {
  try {
    return plan.rebase(current);
  } catch (error) {
    if (error instanceof SessionConflictError) {
      emit("conflict", () => ({
        ...eventOf(context, state.key),
        attributes: error.attributes,
        resolution: "error",
      }));
    }
    throw error;
  }
}
