import { randomBytes } from "node:crypto";
import type { Backend, Lifetime, PrincipalIndex, SessionKey, WriteToken } from "../backend.ts";
import { PRINCIPAL } from "./attribute-name.ts";
import type { AttributeSlots } from "./attribute-slots.ts";
import { type BackendCall, backendCall } from "./backend-call.ts";
import { UndecodableError } from "./errors.ts";
import { KeyRing, type RecordSeal } from "./key-ring.ts";
import type { Policy } from "./options.ts";
import { sessionHandle } from "./session-id.ts";
import { ValueCodec } from "./value-codec.ts";

/** What all sessions of one engine share. */
export interface EngineContext {
  readonly backend: Backend;
  readonly index: PrincipalIndex | undefined;
  readonly policy: Policy;
  readonly codec: ValueCodec;
  readonly ring: KeyRing | undefined;
  readonly call: BackendCall;
  readonly nextToken: () => WriteToken;
}

/** Where and how a user's session was begun. Both are cut at 256 characters. */
export interface Device {
  readonly userAgent?: string;
  readonly address?: string;
}

/** What the engine knows of one session while a request uses it. */
export interface SessionState {
  id: string;
  key: SessionKey;
  readonly slots: AttributeSlots;
  /** Nothing is stored yet. */
  isNew: boolean;
  /** It was ended, by this request or, as far as this request was told, by another. */
  ended: boolean;
  damaged: boolean;
  movedTo: SessionKey | undefined;
  remainingMs: number;
  ageMs: number;
  /** Milliseconds of `performance.now()` when `remainingMs` and `ageMs` were true, or a little later. */
  readAtMs: number;
  /** The header as stored; of a new session, undefined. */
  header: string | undefined;
  seal: RecordSeal | undefined;
  idleMs: number;
  /** Whose it is, as stored. */
  storedPrincipal: string | undefined;
  principal: string | undefined;
  device: Device | undefined;
  /** Idle lifetime when the principal was noted. */
  notedIdleMs: number | undefined;
  /** Where and how this principal's session was begun, as stored. */
  notedDevice: Device | undefined;
  /** The age of the session at which its entry in the principal's index ends, or less. */
  entryEndMs: number | undefined;
}

export function engineContext(policy: Policy): EngineContext {
  const { backend, encryption } = policy;
  const ring = encryption === undefined ? undefined : new KeyRing(encryption);
  const writer = randomBytes(6).toString("base64url");
  let sequence = 0;
  return {
    backend,
    index: hasPrincipalIndex(backend) ? backend : undefined,
    policy,
    codec: new ValueCodec(
      policy.serializer,
      policy.compressAboveBytes,
      () => ring === undefined || ring.acceptsPlain(),
    ),
    ring,
    call: backendCall(backend, policy.deadlineMs),
    nextToken: () => ({ writer, sequence: ++sequence }),
  };
}

function hasPrincipalIndex(backend: Backend): backend is Backend & PrincipalIndex {
  return "linkPrincipal" in backend;
}

export function lifetimeOf(context: EngineContext, state: SessionState): Lifetime {
  const { absoluteMs } = context.policy.lifetime;
  return absoluteMs === undefined ? { idleMs: state.idleMs } : { idleMs: state.idleMs, absoluteMs };
}

/** How old the session is by now; never too much. */
export function ageOf(state: SessionState): number {
  return ageAt(state, performance.now());
}

function ageAt(state: SessionState, nowMs: number): number {
  return state.isNew ? 0 : state.ageMs + nowMs - state.readAtMs;
}

/** The deadline was moved by a write that was answered just now. */
export function noteDeadline(state: SessionState): void {
  const nowMs = performance.now();
  state.ageMs = ageAt(state, nowMs);
  state.readAtMs = nowMs;
  state.remainingMs = state.idleMs;
}

/** For events: names the session without opening it. */
export function eventOf(context: EngineContext, key: SessionKey): { backend: string; handle: string } {
  return { backend: context.backend.name, handle: sessionHandle(key) };
}

/** {@link eventOf}, and why. */
export function reasonOf(
  context: EngineContext,
  key: SessionKey,
  reason: string,
): { backend: string; handle: string; reason: string } {
  return { ...eventOf(context, key), reason };
}

interface PrincipalNote {
  readonly p: string;
  readonly u?: string;
  readonly a?: string;
  /** Idle lifetime: with the time left it tells when the session was last seen. */
  readonly i: number;
  /** {@link SessionState.entryEndMs}. */
  readonly e?: number;
}

/** The note that says whose session it is, sealed if the record is; `null` removes it. */
export function principalNote(
  context: EngineContext,
  state: SessionState,
  entry: { readonly principal: string | undefined; readonly endMs: number },
): string | null {
  if (entry.principal === undefined) return null;
  const { userAgent, address } = deviceOf(state, entry.principal) ?? {};
  const note: PrincipalNote = {
    p: entry.principal,
    ...(userAgent !== undefined && { u: userAgent.slice(0, 256) }),
    ...(address !== undefined && { a: address.slice(0, 256) }),
    i: state.idleMs,
    e: entry.endMs,
  };
  return context.codec.toStored(PRINCIPAL, JSON.stringify(note), state.seal);
}

/** A note that is written again for the same principal tells of the same beginning. */
function deviceOf(state: SessionState, principal: string | undefined): Device | undefined {
  return principal === state.storedPrincipal ? (state.notedDevice ?? state.device) : state.device;
}

/** The note of `principal` is stored now. */
export function notePrincipal(state: SessionState, principal: string | undefined): void {
  state.notedDevice = deviceOf(state, principal);
  state.storedPrincipal = principal;
}

/** Read the note. Throws `UndecodableError` for one that cannot be read. */
export function readPrincipalNote(
  context: EngineContext,
  stored: string | undefined,
  seal: RecordSeal | undefined,
): { principal: string; device: Device; idleMs: number; entryEndMs: number | undefined } | undefined {
  if (stored === undefined) return undefined;
  const note = parseNote(context.codec.toText(PRINCIPAL, stored, seal));
  const device = {
    ...(note.u !== undefined && { userAgent: note.u }),
    ...(note.a !== undefined && { address: note.a }),
  };
  return { principal: note.p, device, idleMs: note.i, entryEndMs: note.e };
}

function parseNote(text: string): PrincipalNote {
  let note: Partial<PrincipalNote> | null = null;
  try {
    note = JSON.parse(text) as Partial<PrincipalNote> | null;
  } catch {
    // Falls through: what is no JSON is no note.
  }
  if (typeof note?.p !== "string" || typeof note.i !== "number") {
    throw new UndecodableError("its note of the user cannot be read");
  }
  return note as PrincipalNote;
}
