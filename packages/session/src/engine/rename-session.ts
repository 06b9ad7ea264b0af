import type { RenameOutcome, SessionKey } from "../backend.ts";
import { BackendError } from "../errors.ts";
import { HEADER, PRINCIPAL } from "./attribute-name.ts";
import { SessionReplacedError, UndecodableError } from "./errors.ts";
import { emit } from "./events.ts";
import { type PrincipalEntryPlan, planEntry } from "./principal-entry.ts";
import { evictSessions, giveUp, linkPrincipal, unlinkPrincipal } from "./principal-link.ts";
import { readHeader, writeHeader } from "./record-header.ts";
import { createSessionId, sessionKey } from "./session-id.ts";
import { noteSize } from "./session-size.ts";
import {
  type EngineContext,
  eventOf,
  lifetimeOf,
  noteDeadline,
  notePrincipal,
  principalNote,
  readPrincipalNote,
  reasonOf,
  type SessionState,
} from "./session-state.ts";
import { settleConflicts, updateOnce } from "./settle-conflicts.ts";
import { recordNotes, WritePlan } from "./write-plan.ts";

/**
 * `"renamed"`: the session has a new id, the old one is dead but for the grace. `"followed"`: another
 * request renamed it first for the same principal; the changes went to the session as it is now, and this
 * request has no id to give to its client.
 */
export type RenameResult = "renamed" | "followed";

/** Give a session a new id, in one step with its changes. Throws {@link SessionReplacedError} when another did. */
export async function renameSession(
  context: EngineContext,
  state: SessionState,
  graceMs: number,
  given?: string,
): Promise<RenameResult> {
  const id = given ?? createSessionId();
  if (state.isNew) {
    Object.assign(state, { id, key: sessionKey(id) });
    return "renamed";
  }
  if (state.ended) throw new SessionReplacedError();
  const to = sessionKey(id);
  const entry = planEntry(context, state, state.principal, true);
  const plan = renamePlan(context, state, to, entry);
  const evict = await linkPrincipal(context, state, to, entry);
  const isRandom = isRandomId(context, given);
  const result = await rename(context, state, plan, to, graceMs).catch(async (error: unknown) => {
    if (!(error instanceof BackendError)) await unlinkPrincipal(context, entry.principal, to);
    else if (isRandom && entry.principal !== undefined) await giveUp(context, entry.principal, to);
    throw error;
  });
  if (result.outcome === "ok" || (await wasApplied(context, result, to, isRandom))) {
    await finish(context, state, plan, { id, to, evict, entry });
    return "renamed";
  }
  await unlinkPrincipal(context, entry.principal, to);
  if (result.outcome === "moved") return follow(context, state, result.movedTo);
  return refuse(context, state);
}

/** Nobody knows it but who made it. */
export function isRandomId({ policy }: EngineContext, given: string | undefined): boolean {
  return given === undefined || policy.ids !== "any";
}

/**
 * Whether a refused rename is ours, applied, whose answer was lost and which the client resent: the session
 * then lives under the id of this very call. With no grace the old key tells nothing; the new one does if its
 * id is a random one that nobody else can know.
 */
async function wasApplied(
  context: EngineContext,
  result: Exclude<RenameOutcome, { outcome: "conflict" }>,
  to: SessionKey,
  isRandom: boolean,
): Promise<boolean> {
  const mayBeOurs = result.outcome === "moved" ? result.movedTo === to : isRandom;
  return mayBeOurs && (await context.call("read", () => context.backend.read(to))) !== null;
}

function renamePlan(
  context: EngineContext,
  state: SessionState,
  to: SessionKey,
  entry: PrincipalEntryPlan,
): WritePlan {
  const header = state.seal === undefined ? undefined : writeHeader(state.seal, to);
  const isNoted = entry.principal !== undefined || state.storedPrincipal !== undefined;
  const principal = isNoted ? principalNote(context, state, entry) : undefined;
  return new WritePlan(
    context.policy,
    context.codec,
    state.slots,
    state.seal,
    recordNotes(header, principal),
    state.slots.changes(),
  );
}

function rename(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  to: SessionKey,
  graceMs: number,
): Promise<Exclude<RenameOutcome, { outcome: "conflict" }>> {
  if (state.movedTo !== undefined) return Promise.resolve({ outcome: "moved", movedTo: state.movedTo });
  return settleConflicts(context, state, plan, () =>
    context.call("rename", () =>
      context.backend.rename(state.key, to, plan.change(), lifetimeOf(context, state), graceMs),
    ),
  );
}

async function finish(
  context: EngineContext,
  state: SessionState,
  plan: WritePlan,
  made: { id: string; to: SessionKey; evict: readonly SessionKey[]; entry: PrincipalEntryPlan },
): Promise<void> {
  const { key, storedPrincipal } = state;
  const { principal, endMs } = made.entry;
  // Sums of counters that a rename added are read with the next load.
  plan.applied(new Map());
  state.id = made.id;
  state.key = made.to;
  noteSize(context, state, plan);
  state.header = state.seal === undefined ? state.header : writeHeader(state.seal, made.to);
  notePrincipal(state, principal);
  state.entryEndMs = endMs;
  noteDeadline(state);
  emit("renamed", () => ({ ...eventOf(context, key), newHandle: eventOf(context, made.to).handle }));
  await Promise.all([
    unlinkPrincipal(context, storedPrincipal, key),
    principal === undefined ? undefined : evictSessions(context, principal, made.evict),
  ]);
}

/** The loser of two logins of one user: what it wrote goes to the session that the winner made. */
async function follow(
  context: EngineContext,
  state: SessionState,
  movedTo: SessionKey,
): Promise<RenameResult> {
  const target =
    state.principal === undefined ? null : await context.call("read", () => context.backend.read(movedTo));
  if (target === null || target.movedTo !== undefined) return refuse(context, state);
  try {
    const seal = readHeader(target.attributes.get(HEADER), movedTo, context.ring, context.backend.name);
    const theirs = readPrincipalNote(context, target.attributes.get(PRINCIPAL), seal);
    if (theirs?.principal !== state.principal) return refuse(context, state);
  } catch (error) {
    if (error instanceof UndecodableError) return refuse(context, state);
    throw error;
  }
  const change = state.slots.changes();
  if (change === undefined) {
    state.ended = true;
    return "followed";
  }
  const plan = new WritePlan(context.policy, context.codec, state.slots, state.seal, [], change);
  const entry = { ...planEntry(context, state, state.principal, true), isEntering: false };
  await linkPrincipal(context, state, movedTo, entry);
  const { outcome } = await settleConflicts(context, state, plan, () =>
    updateOnce(context, state, plan, movedTo),
  );
  if (outcome !== "ok") {
    await unlinkPrincipal(context, entry.principal, movedTo);
    return refuse(context, state);
  }
  state.ended = true;
  return "followed";
}

function refuse(context: EngineContext, state: SessionState): never {
  state.ended = true;
  emit("refused", reasonOf, context, state.key, "moved");
  throw new SessionReplacedError();
}
