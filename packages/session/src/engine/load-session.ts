import type { Answer, Backend, SessionKey, StoredSession } from "../backend.ts";
import { DamagedRecordError } from "../errors.ts";
import { HEADER, PRINCIPAL } from "./attribute-name.ts";
import { AttributeSlots } from "./attribute-slots.ts";
import { UndecodableError } from "./errors.ts";
import { emit } from "./events.ts";
import { readHeader } from "./record-header.ts";
import {
  type EngineContext,
  eventOf,
  readPrincipalNote,
  reasonOf,
  type SessionState,
} from "./session-state.ts";

/**
 * Read a session, and make of it what the caller needs. `null`: there is none, or it is damaged (one event, and
 * nothing is thrown). `read`: instead of the backend's, by who must know more of what is stored.
 */
export function loadState<Result>(
  context: EngineContext,
  id: string,
  key: SessionKey,
  as: (state: SessionState | null) => Result,
  read?: Backend["read"],
): Answer<Result> {
  return context.call(
    "read",
    () => (read ? read(key) : context.backend.read(key)),
    (stored) => {
      const movedTo = stored?.movedTo;
      if (movedTo === undefined) return as(opened(context, id, key, stored));
      return livesOn(context, movedTo).then(
        (isAlive) => as(opened(context, id, key, isAlive ? stored : null)),
        (error: unknown) => as(damaged(context, key, error)),
      );
    },
    (error) => as(damaged(context, key, error)),
  );
}

function missed(context: EngineContext, key: SessionKey): null {
  emit("missed", eventOf, context, key);
  return null;
}

function opened(
  context: EngineContext,
  id: string,
  key: SessionKey,
  stored: StoredSession | null,
): SessionState | null {
  if (stored === null) return missed(context, key);
  try {
    const state = openRecord(context, id, key, stored);
    emit("loaded", eventOf, context, key);
    return state;
  } catch (error) {
    return damaged(context, key, error);
  }
}

function damaged(context: EngineContext, key: SessionKey, error: unknown): null {
  if (!(error instanceof UndecodableError || error instanceof DamagedRecordError)) throw error;
  emit("damaged", reasonOf, context, key, error.message);
  return null;
}

/** Whether a session that was renamed is alive: its old id must not outlive a logout, not even in its grace. */
async function livesOn(context: EngineContext, movedTo: SessionKey): Promise<boolean> {
  let at: SessionKey | undefined = movedTo;
  while (at !== undefined) {
    const key: SessionKey = at;
    const stored = await context.call("read", () => context.backend.read(key));
    if (stored === null) return false;
    at = stored.movedTo;
  }
  return true;
}

function openRecord(
  context: EngineContext,
  id: string,
  key: SessionKey,
  stored: StoredSession,
): SessionState {
  const { attributes } = stored;
  const header = attributes.get(HEADER);
  const seal = readHeader(header, key, context.ring, context.backend.name);
  const note = readPrincipalNote(context, attributes.get(PRINCIPAL), seal);
  const slots = new AttributeSlots(context.codec, context.policy.rules, stored.remainingMs);
  slots.load(attributes);
  slots.sealWith(seal);
  const state = newState(context, id, key, slots);
  state.isNew = false;
  state.movedTo = stored.movedTo;
  state.remainingMs = stored.remainingMs;
  state.ageMs = stored.ageMs;
  state.header = header;
  state.seal = seal;
  if (note === undefined) return state;
  state.storedPrincipal = note.principal;
  state.principal = note.principal;
  state.device = note.device;
  state.notedIdleMs = note.idleMs;
  state.notedDevice = note.device;
  state.entryEndMs = note.entryEndMs;
  return state;
}

/** A session of which nothing is stored. */
export function newState(
  context: EngineContext,
  id: string,
  key: SessionKey,
  slots: AttributeSlots = new AttributeSlots(
    context.codec,
    context.policy.rules,
    context.policy.lifetime.idleMs,
  ),
): SessionState {
  const { idleMs } = context.policy.lifetime;
  return {
    id,
    key,
    slots,
    isNew: true,
    ended: false,
    damaged: false,
    movedTo: undefined,
    remainingMs: idleMs,
    ageMs: 0,
    readAtMs: performance.now(),
    header: undefined,
    seal: undefined,
    idleMs,
    storedPrincipal: undefined,
    principal: undefined,
    device: undefined,
    notedIdleMs: undefined,
    notedDevice: undefined,
    entryEndMs: undefined,
  };
}
