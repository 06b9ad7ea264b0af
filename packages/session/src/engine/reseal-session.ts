import { HEADER, PRINCIPAL, storedName } from "./attribute-name.ts";
import { emit } from "./events.ts";
import type { PrincipalEntryPlan } from "./principal-entry.ts";
import { writeHeader } from "./record-header.ts";
import {
  type EngineContext,
  eventOf,
  lifetimeOf,
  noteDeadline,
  principalNote,
  type SessionState,
} from "./session-state.ts";

/** Whether a record is plain, or sealed with a key that is no longer the active one. */
export function isSealStale(context: EngineContext, state: SessionState): boolean {
  const active = context.ring?.active ?? null;
  if (active === null || state.isNew) return false;
  return !state.header!.startsWith(`1.${active}.`);
}

/**
 * Seal a whole record with the active key, in place of a touch: so the sessions that are in use have left an
 * old key long before it is taken out. Only if nothing changed meanwhile; answers whether it was done.
 */
export async function resealSession(
  context: EngineContext,
  state: SessionState,
  entry: PrincipalEntryPlan,
): Promise<boolean> {
  const previous = state.seal;
  const seal = previous ?? context.ring?.newSeal();
  const set = new Map<string, string>();
  const expect = new Map<string, string | null>([[HEADER, state.header!]]);
  const header = writeHeader(seal, state.key);
  set.set(HEADER, header);
  for (const { name, stored, text } of state.slots.storedTexts()) {
    expect.set(storedName(name), stored);
    set.set(storedName(name), context.codec.toStored(storedName(name), text, seal));
  }
  state.seal = seal;
  if (entry.principal !== undefined) set.set(PRINCIPAL, principalNote(context, state, entry)!);
  const result = await context.call("update", () =>
    context.backend.update(state.key, { set, expect }, lifetimeOf(context, state), context.nextToken()),
  );
  if (result.outcome !== "ok") {
    state.seal = previous;
    return false;
  }
  state.header = header;
  state.slots.resealed(set, seal);
  state.entryEndMs = entry.endMs;
  noteDeadline(state);
  emit("touched", eventOf, context, state.key);
  return true;
}
