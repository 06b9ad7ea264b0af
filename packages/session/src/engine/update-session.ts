import type { Answer, SessionKey, UpdateOutcome } from "../backend.ts";
import { PRINCIPAL } from "./attribute-name.ts";
import { emit, type SessionEvents } from "./events.ts";
import type { PrincipalEntryPlan } from "./principal-entry.ts";
import type { SaveOutcome } from "./save-session.ts";
import { entered, expire, finish, refuse } from "./save-steps.ts";
import { type EngineContext, eventOf, principalNote, type SessionState } from "./session-state.ts";
import { isConflict, settleConflicts, updateOnce } from "./settle-conflicts.ts";
import type { WritePlan } from "./write-plan.ts";

/** Write what changed in a session that is stored. */
export function updateSession(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
): Answer<SaveOutcome> {
  if (entry.isDue) return updateEntered(context, state, plan, entry);
  return updateOnce(context, state, plan, state.key, (result) =>
    isConflict(result)
      ? settle(context, state, plan, entry, result).then((outcome) => conclude(context, state, plan, outcome))
      : conclude(context, state, plan, finished(context, state, plan, entry, result)),
  );
}

async function updateEntered(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
): Promise<SaveOutcome> {
  plan.note(PRINCIPAL, principalNote(context, state, entry));
  const outcome = await entered(context, state, entry, () => settle(context, state, plan, entry));
  return conclude(context, state, plan, outcome);
}

type SettledUpdate = Exclude<UpdateOutcome, { outcome: "conflict" }>;

async function settle(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
  first?: UpdateOutcome,
): Promise<SettledUpdate["outcome"]> {
  const { key } = state;
  const write = (): Answer<UpdateOutcome> => updateOnce(context, state, plan, key);
  return finished(context, state, plan, entry, await settleConflicts(context, state, plan, write, first));
}

function finished(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
  result: SettledUpdate,
): SettledUpdate["outcome"] {
  if (result.outcome === "ok") finish(context, state, plan, entry, result.current);
  return result.outcome;
}

function conclude(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  outcome: SettledUpdate["outcome"],
): Answer<SaveOutcome> {
  if (outcome !== "ok") return refuse(context, state, outcome);
  if (state.idleMs <= 0) return expire(context, state);
  emit("saved", saveOf, context, state.key, plan);
  return "updated";
}

function saveOf(context: EngineContext, key: SessionKey, { extent }: WritePlan): SessionEvents["saved"] {
  return { ...eventOf(context, key), ...extent };
}
