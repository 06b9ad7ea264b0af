import { DamagedRecordError, NewerRecordError, type StoredSession } from "@unstick/session";
import { attributeName, readHeader } from "./record.ts";
import { replyList, replyText } from "./reply.ts";

/**
 * What is under a session's key. `"live"`: a session (or one that was renamed a moment ago). `"frozen"`: one that is being
 * given back to connect-redis, which reads on and refuses writes. `"given"`: it was given back a moment ago. `"none"`:
 * nothing, a tombstone included. `"late"`: a session whose deadline has passed by its header, and not by its key.
 */
export interface KeptRecord {
  readonly session: StoredSession | null;
  readonly state: "live" | "frozen" | "given" | "none" | "late";
}

/** A server ends a key, and tells its time, in steps; so far a header and its key may be apart. */
const SLACK_MS = 1_000;

const NONE: KeptRecord = { session: null, state: "none" };
const GIVEN: KeptRecord = { session: null, state: "given" };

/**
 * What `HGETALL` answers, by the server's time when it was asked and when it had answered. Where its
 * key is still there a session is alive: one whose deadline has just passed is about to end.
 *
 * @throws {DamagedRecordError} when the header is missing or broken, {@link NewerRecordError} when a later release wrote it.
 */
export function decodeRecord(
  backend: { readonly name: string },
  raw: unknown,
  askedMs: number,
  answeredMs: number,
): KeptRecord {
  const list = replyList(raw);
  if (list.length === 0) return NONE;
  let text = "";
  const attributes = new Map<string, string>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    const field = replyText(list[at]);
    const name = attributeName(field);
    if (name !== undefined) attributes.set(name, replyText(list[at + 1]));
    else if (field === "") text = replyText(list[at + 1]);
  }
  const header = readHeader(text);
  if (header === undefined) throw new DamagedRecordError(backend.name, "its header is missing or broken");
  if (header.kind === "newer") throw new NewerRecordError(backend.name, header.version);
  if (header.kind === "given") return GIVEN;
  if (header.kind === "tombstone") return NONE;
  if (header.kind === "moved" && header.untilMs <= askedMs) return NONE;
  const remainingMs = Math.max(1, header.untilMs - answeredMs);
  const session = { attributes, remainingMs, ageMs: Math.max(0, answeredMs - header.createdMs) };
  if (header.kind === "moved") return { session: { ...session, movedTo: header.to }, state: "live" };
  return { session, state: header.untilMs + SLACK_MS < askedMs ? "late" : header.kind };
}
