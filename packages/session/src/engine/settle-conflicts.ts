import type { Answer, Attributes, SessionKey, UpdateOutcome } from "../backend.ts";
import { SessionConflictError } from "./errors.ts";
import { emit } from "./events.ts";
import { type EngineContext, eventOf, lifetimeOf, type SessionState } from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/** How often a declared merge is tried against writers that come between. */
const MOST_MERGES = 64;

type Conflict = Extract<UpdateOutcome, { outcome: "conflict" }>;
type Settled<Result> = Exclude<Result, { outcome: "conflict" }>;

/** The plan as an update of the session under `key`, which may be another than its own by now. `take`: see `BackendCall`. */
export function updateOnce<Final = UpdateOutcome>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  key: SessionKey,
  take?: (result: UpdateOutcome) => Answer<Final>,
): Answer<Final> {
  return context.call(
    "update",
    () => context.backend.update(key, plan.change(), lifetimeOf(context, state), context.nextToken()),
    take,
  );
}

/**
 * Repeat a conditional write, merging by the rules, until it applies or nothing is left to try. `first`: what it
 * answered already.
 */
export async function settleConflicts<Result extends { readonly outcome: string }>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: () => Answer<Result | Conflict>,
  first?: Result | Conflict,
): Promise<Settled<Result>> {
  let result = first ?? (await write());
  for (let attempt = 0; isConflict(result); attempt++) {
    const names = rebase(context, state, plan, result.current);
    if (attempt >= MOST_MERGES) throw new SessionConflictError(names);
    emit("conflict", () => ({ ...eventOf(context, state.key), attributes: names, resolution: "merged" }));
    result = await write();
  }
  return result as Settled<Result>;
}

export function isConflict(result: { readonly outcome: string }): result is Conflict {
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
