import type { Attributes, UpdateOutcome } from "../backend.ts";
import { SessionConflictError } from "./errors.ts";
import { emit } from "./events.ts";
import { type EngineContext, eventOf, type SessionState } from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/** How often a declared merge is tried against writers that come between. */
const MOST_MERGES = 64;

/** Repeat a conditional write, merging by the rules, until it applies or nothing is left to try. */
export async function settleConflicts<Result extends { readonly outcome: string }>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: () => Promise<Result | Extract<UpdateOutcome, { outcome: "conflict" }>>,
): Promise<Exclude<Result, { outcome: "conflict" }>> {
  for (let attempt = 0; ; attempt++) {
    const result = await write();
    if (result.outcome !== "conflict") return result as Exclude<Result, { outcome: "conflict" }>;
    const conflict = result as Extract<UpdateOutcome, { outcome: "conflict" }>;
    const names = rebase(context, state, plan, conflict.current);
    if (attempt >= MOST_MERGES) throw new SessionConflictError(names);
    emit("conflict", () => ({ ...eventOf(context, state.key), attributes: names, resolution: "merged" }));
  }
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
