import type { Attributes } from "../backend.ts";
import { BackendError } from "../errors.ts";
import { emit } from "./events.ts";
import type { PrincipalEntryPlan } from "./principal-entry.ts";
import { evictSessions, linkPrincipal, unlinkPrincipal } from "./principal-link.ts";
import type { SaveOutcome } from "./save-session.ts";
import { noteSize } from "./session-size.ts";
import {
  type EngineContext,
  eventOf,
  noteDeadline,
  notePrincipal,
  reasonOf,
  type SessionState,
} from "./session-state.ts";
import type { WritePlan } from "./write-plan.ts";

/**
 * Around a write that sets a principal, or moves the deadline towards the end of its entry: enter the index
 * first, leave it again when the write was refused.
 */
export function withPrincipal<Outcome extends string>(
  context: EngineContext,
  state: SessionState,
  entry: PrincipalEntryPlan,
  write: () => Promise<Outcome>,
): Promise<Outcome> {
  return entry.isDue ? entered(context, state, entry, write) : write();
}

export async function entered<Outcome extends string>(
  context: EngineContext,
  state: SessionState,
  entry: PrincipalEntryPlan,
  write: () => Promise<Outcome>,
): Promise<Outcome> {
  const { storedPrincipal, key } = state;
  const { principal, isEntering } = entry;
  const evict = await linkPrincipal(context, state, key, entry);
  const outcome = await write().catch(async (error: unknown) => {
    // Nothing was written, so a user that was to be set has no session here.
    if (isEntering && !(error instanceof BackendError)) await unlinkPrincipal(context, principal, key);
    throw error;
  });
  if (outcome !== "ok") {
    await unlinkPrincipal(context, principal, key);
    return outcome;
  }
  state.entryEndMs = entry.endMs;
  if (isEntering) {
    await Promise.all([
      unlinkPrincipal(context, storedPrincipal, key),
      principal === undefined ? undefined : evictSessions(context, principal, evict),
    ]);
  }
  return outcome;
}

/** The application gave it a lifetime that is over (a cookie that expired): an update would end it, too. */
export async function expire(context: EngineContext, state: SessionState): Promise<SaveOutcome> {
  await context.call("destroy", () => context.backend.destroy(state.key, context.policy.tombstoneMs));
  await unlinkPrincipal(context, state.storedPrincipal, state.key);
  state.ended = true;
  emit("expired", eventOf, context, state.key);
  return "expired";
}

export function finish(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  entry: PrincipalEntryPlan,
  current: Attributes,
): void {
  noteSize(context, state, plan);
  plan.applied(current);
  notePrincipal(state, entry.principal);
  noteDeadline(state);
}

export function refuse(
  context: EngineContext,
  state: SessionState,
  outcome: "gone" | "moved" | "taken",
): "gone" | "moved" | "taken" {
  if (outcome !== "taken") state.ended = true;
  emit("refused", reasonOf, context, state.key, outcome);
  return outcome;
}
