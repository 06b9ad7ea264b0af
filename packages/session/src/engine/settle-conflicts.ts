import type { Attributes, SessionKey, UpdateOutcome } from "../backend.ts";
import { SessionConflictError } from "./errors.ts";
import { emit } from "./events.ts";
import { type EngineContext, eventOf, lifetimeOf, type SessionState } from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/** How often a declared merge is tried against writers that come between. */
const MOST_MERGES = 64;

type Conflict = Extract<UpdateOutcome, { outcome: "conflict" }>;
type Settled<Result> = Exclude<Result, { outcome: "conflict" }>;

/** A conditional write: each call makes it once more. `take`: see `BackendCall`. */
export type ConditionalWrite<Result> = <Final = Result | Conflict>(
  take?: (result: Result | Conflict) => Final | PromiseLike<Final>,
) => Promise<Final>;

/** The plan as an update of the session under `key`, which may be another than its own by now. */
export function updateOf(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  key: SessionKey,
): ConditionalWrite<UpdateOutcome> {
  const lifetime = lifetimeOf(context, state);
  return (take) =>
    context.call(
      "update",
      () => context.backend.update(key, plan.change(), lifetime, context.nextToken()),
      take,
    );
}

/**
 * Repeat a conditional write, merging by the rules, until it applies or nothing is left to try. `take` makes of its
 * result what the caller gets.
 */
export function settleConflicts<Result extends { readonly outcome: string }, Final>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: ConditionalWrite<Result>,
  take: (result: Settled<Result>) => Final | PromiseLike<Final>,
): Promise<Final> {
  return write((result) =>
    isConflict(result)
      ? settle(context, state, plan, write, result).then(take)
      : take(result as Settled<Result>),
  );
}

async function settle<Result extends { readonly outcome: string }>(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  write: ConditionalWrite<Result>,
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
