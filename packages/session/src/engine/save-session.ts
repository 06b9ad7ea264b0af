import type { Answer } from "../backend.ts";
import { HEADER } from "./attribute-name.ts";
import type { SlotChange } from "./attribute-slots.ts";
import { createOnce } from "./create-once.ts";
import { emit } from "./events.ts";
import { isTouchDue } from "./lifetime.ts";
import { type PrincipalEntryPlan, planEntry } from "./principal-entry.ts";
import { linkPrincipal, unlinkPrincipal } from "./principal-link.ts";
import { writeHeader } from "./record-header.ts";
import { isSealStale, resealSession } from "./reseal-session.ts";
import { expire, finish, refuse, withPrincipal } from "./save-steps.ts";
import {
  ageOf,
  type EngineContext,
  eventOf,
  lifetimeOf,
  noteDeadline,
  principalNote,
  type SessionState,
} from "./session-state.ts";
import { updateSession } from "./update-session.ts";
import { recordNotes, WritePlan } from "./write-plan.ts";

/**
 * What became of a save. `"unchanged"`: there was nothing to write and the deadline is young. `"gone"`,
 * `"moved"`, `"taken"`: nothing was written, because the session ended, was renamed, or the id was in use.
 * `"expired"`: its lifetime was over, so it was ended.
 */
export type SaveOutcome =
  | "unchanged"
  | "touched"
  | "created"
  | "updated"
  | "gone"
  | "moved"
  | "taken"
  | "expired";

export interface SaveOptions {
  /** When nothing changed: move the deadline when that is due (the default), or in any case. */
  readonly deadline?: "due" | "always";
  /** Compare and write only these attributes, and no principal. Default: all that were read or given. */
  readonly only?: readonly string[];
}

/**
 * Write what changed, or move the deadline when it is due (or, with `"always"`, in any case). Answers without
 * a promise when the backend is not needed.
 */
export function saveSession(
  context: EngineContext,
  state: SessionState,
  options: SaveOptions,
): Answer<SaveOutcome> {
  if (state.ended) return refuse(context, state, "gone");
  if (state.isNew) prepareSeal(context, state);
  // A save of some attributes, as a touch is, must not make the session a user's of whom nothing was stored.
  const principal = options.only === undefined ? state.principal : state.storedPrincipal;
  const entry = planEntry(context, state, principal);
  const change = state.slots.changes(options.only);
  if (change === undefined && !state.isNew && !entry.isEntering)
    return isDeadlineLeft(context, state, options) ? "unchanged" : moveDeadline(context, state, principal);
  const plan = writePlan(context, state, entry, change);
  if (state.isNew) return state.idleMs <= 0 ? "expired" : createSession(context, state, plan, entry);
  if (state.movedTo !== undefined) return refuse(context, state, "moved");
  return updateSession(context, state, plan, entry);
}

function isDeadlineLeft(context: EngineContext, state: SessionState, options: SaveOptions): boolean {
  if (state.idleMs <= 0) return false;
  return state.movedTo !== undefined || (options.deadline !== "always" && !isDue(context, state));
}

function prepareSeal(context: EngineContext, state: SessionState): void {
  if (state.header !== undefined) return;
  state.seal = context.ring?.newSeal();
  state.slots.sealWith(state.seal);
}

function writePlan(
  context: EngineContext,
  state: SessionState,
  entry: PrincipalEntryPlan,
  change: readonly SlotChange[] | undefined,
): WritePlan {
  const header = state.isNew ? writeHeader(state.seal, state.key) : undefined;
  const principal = entry.isEntering ? principalNote(context, state, entry) : undefined;
  return new WritePlan(
    context.policy,
    context.codec,
    state.slots,
    state.seal,
    recordNotes(header, principal),
    change,
  );
}

async function createSession(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
): Promise<SaveOutcome> {
  const attributes = plan.attributes();
  const lifetime = lifetimeOf(context, state);
  const outcome = await withPrincipal(context, state, entry, () =>
    createOnce(context, state.key, attributes, lifetime),
  );
  if (outcome !== "ok") return refuse(context, state, outcome);
  Object.assign(state, { isNew: false, ageMs: 0, readAtMs: performance.now() });
  state.header = attributes.get(HEADER);
  finish(context, state, plan, entry, new Map());
  emit("created", eventOf, context, state.key);
  return "created";
}

async function moveDeadline(
  context: EngineContext,
  state: SessionState,
  principal: string | undefined,
): Promise<SaveOutcome> {
  if (state.idleMs <= 0) return expire(context, state);
  const entry = planEntry(context, state, principal, true);
  await linkPrincipal(context, state, state.key, entry);
  if (isSealStale(context, state) && (await resealSession(context, state, entry))) return "touched";
  const outcome = await context.call("touch", () =>
    context.backend.touch(state.key, lifetimeOf(context, state)),
  );
  if (outcome !== "ok") {
    await unlinkPrincipal(context, entry.principal, state.key);
    return refuse(context, state, outcome);
  }
  state.entryEndMs = entry.endMs;
  noteDeadline(state);
  emit("touched", eventOf, context, state.key);
  return "touched";
}

function isDue(context: EngineContext, state: SessionState): boolean {
  const interval = context.policy.touchIntervalMs(state.idleMs);
  const ageMs = ageOf(state);
  const now = { remainingMs: state.remainingMs - (ageMs - state.ageMs), ageMs };
  return isTouchDue(now, lifetimeOf(context, state), interval);
}
