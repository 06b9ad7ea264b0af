import {
  type AttributeChange,
  type Attributes,
  type CreateOutcome,
  DamagedRecordError,
  type DestroyOutcome,
  type Lifetime,
  NewerRecordError,
  type SessionKey,
  type StoredSession,
  type UpdateOutcome,
} from "@unstick/session";
import type { Caller } from "./caller.ts";
import { decodeRecord, type KeptRecord } from "./decode-record.ts";
import { REPLY } from "./lua/record.ts";
import type { Script } from "./lua/script.ts";
import { CREATE, DESTROY, PROBE, READ, TOUCH, UPDATE, UPDATE_ONCE } from "./lua/session-scripts.ts";
import { fieldName } from "./record.ts";
import { replyAttributes, replyList, replyNumber, replyText } from "./reply.ts";

/** A script's reply: its code, and what comes with it. */
export type Reply = readonly [code: number, ...rest: unknown[]];

/** Read the code; a record that cannot be used rejects here, for every verb alike. */
export function decodeReply(caller: Caller, raw: unknown): Reply {
  const [first, ...rest] = replyList(raw);
  const code = replyNumber(first);
  if (code === REPLY.damaged) throw new DamagedRecordError(caller.name, "its header is missing or broken");
  if (code === REPLY.newer) throw new NewerRecordError(caller.name, replyNumber(rest[0]));
  return [code, ...rest];
}

/**
 * A plain `HGETALL` where the server's time is known well enough, else a script that tells it. What is left of a lifetime is
 * then told a little short, as of when the answer is here: more than the lifetime would look like one to be shortened.
 * One that is being given back to connect-redis is not there but for those that give back.
 */
export async function readSession(caller: Caller, key: string): Promise<StoredSession | null> {
  const found = caller.clock.isFresh ? await getRecord(caller, key) : undefined;
  // What the header tells is judged by the server's time itself before it is called a lie.
  const { session, state } =
    found === undefined || found.state === "late" ? await askRecord(caller, READ, key) : found;
  return state === "frozen" ? null : session;
}

function getRecord(caller: Caller, key: string): Promise<KeptRecord> {
  const { clock } = caller;
  const asked = clock.now();
  return caller.command("read", key, ["HGETALL", key], (raw) =>
    decodeRecord(caller, raw, asked, clock.now()),
  );
}

/** By a script that answers as `READ`. Its states leave out `"late"`, which is damage. */
export function askRecord(caller: Caller, script: Script, key: string): Promise<KeptRecord> {
  const askedAt = performance.now();
  return caller.script("read", script, [key], [], (raw) => {
    const [, seconds, microseconds, record] = decodeReply(caller, raw);
    const serverMs = replyNumber(seconds) * 1_000 + Math.floor(replyNumber(microseconds) / 1_000);
    caller.clock.tell(serverMs, askedAt);
    const found = decodeRecord(caller, record, serverMs, serverMs);
    if (found.state !== "late") return found;
    throw new DamagedRecordError(caller.name, "by its header it has ended, and it is still there");
  });
}

export function createSession(
  caller: Caller,
  key: string,
  attributes: Attributes,
  lifetime: Lifetime,
): Promise<CreateOutcome> {
  const args = lifetimeArgs(lifetime);
  for (const [name, value] of attributes) args.push(fieldName(name), value);
  return caller.script("create", CREATE, [key], args, (raw) => {
    const [code] = decodeReply(caller, raw);
    if (code === REPLY.ok) return "ok";
    return code === REPLY.taken ? "taken" : "gone";
  });
}

const NONE: Attributes = new Map();

/** `mark` names the write: a writer's short name and a sequence. */
export function updateSession(
  caller: Caller,
  key: string,
  change: AttributeChange,
  lifetime: Lifetime,
  mark: readonly [writer: string, sequence: string],
): Promise<UpdateOutcome> {
  const args = [...lifetimeArgs(lifetime), ...mark];
  pushChange(args, change);
  const script = mark[0] === "" ? UPDATE : UPDATE_ONCE;
  return caller.script("update", script, [key], args, (raw) => {
    const [code, rest] = decodeReply(caller, raw);
    if (code === REPLY.ok)
      return { outcome: "ok", current: rest === undefined ? NONE : replyAttributes(rest) };
    return decodeRefusal(caller, "update", code, rest);
  });
}

export function touchSession(
  caller: Caller,
  key: string,
  lifetime: Lifetime,
): Promise<"ok" | "gone" | "moved"> {
  return caller.script("touch", TOUCH, [key], lifetimeArgs(lifetime), (raw) => {
    const [code] = decodeReply(caller, raw);
    if (code === REPLY.ok) return "ok";
    return code === REPLY.moved ? "moved" : "gone";
  });
}

export function destroySession(caller: Caller, key: string, tombstoneMs: number): Promise<DestroyOutcome> {
  return caller.script("destroy", DESTROY, [key], [String(tombstoneMs)], (raw) => {
    const [first, rest] = replyList(raw);
    const code = replyNumber(first);
    if (code === REPLY.moved) return { outcome: "moved", movedTo: replyText(rest) };
    return { outcome: code === REPLY.ok ? "ok" : "gone" };
  });
}

/** As {@link destroySession}; answers whether it was a live session. */
export function endSession(caller: Caller, key: string, tombstoneMs: number): Promise<boolean> {
  return caller.script("destroyAll", DESTROY, [key], [String(tombstoneMs)], (raw) => {
    const [code, live] = replyList(raw);
    return replyNumber(code) === REPLY.ok && replyNumber(live) === 1;
  });
}

/** Whether a key holds a live session; one that cannot be read does not. */
export function isLive(caller: Caller, key: string): Promise<boolean> {
  return caller.script("enumerate", PROBE, [key], [], (raw) => replyNumber(replyList(raw)[0]) === REPLY.ok);
}

export function lifetimeArgs(lifetime: Lifetime): string[] {
  const { idleMs, absoluteMs } = lifetime;
  return [String(idleMs), absoluteMs === undefined ? "" : String(absoluteMs)];
}

/** The layout that `lua/change.ts` reads. */
export function pushChange(args: string[], change: AttributeChange): void {
  const { set, remove, add, expect } = change;
  args.push(String(set?.size ?? 0), String(remove?.length ?? 0), String(add?.size ?? 0));
  if (set !== undefined) for (const [name, value] of set) args.push(fieldName(name), value);
  if (remove !== undefined) args.push(...remove.map(fieldName));
  if (add !== undefined) for (const [name, amount] of add) args.push(fieldName(name), String(amount));
  if (expect !== undefined) {
    for (const [name, value] of expect) args.push(fieldName(name), value === null ? "" : `=${value}`);
  }
}

type Refusal =
  | { readonly outcome: "gone" }
  | { readonly outcome: "moved"; readonly movedTo: SessionKey }
  | { readonly outcome: "conflict"; readonly current: Attributes };

export function decodeRefusal(caller: Caller, verb: string, code: number, rest: unknown): Refusal {
  if (code === REPLY.gone) return { outcome: "gone" };
  if (code === REPLY.moved) return { outcome: "moved", movedTo: replyText(rest) };
  if (code === REPLY.conflict) return { outcome: "conflict", current: replyAttributes(rest) };
  throw caller.unknownReply(verb);
}
