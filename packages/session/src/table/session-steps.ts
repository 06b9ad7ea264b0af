import {
  type AttributeChange,
  type Attributes,
  type CreateOutcome,
  type DestroyOutcome,
  type Lifetime,
  RENAMED_TOMBSTONE_MS,
  type RenameOutcome,
  type SessionKey,
  type StoredSession,
  type UpdateOutcome,
  type WriteToken,
} from "../backend.ts";
import { DamagedRecordError, NewerRecordError } from "../errors.ts";
import { changeAttributes, valuesNow } from "./attribute-change.ts";
import { AttributeList } from "./attribute-list.ts";
import type { LiveSession, ReadableRows, Row, Rows } from "./table.ts";
import { isSeen, withToken } from "./write-tokens.ts";

/** The group of the table that holds sessions, keys in grace and tombstones. */
export const SESSIONS = "session";

type Found =
  | { readonly state: "live"; readonly session: LiveSession; readonly until: number }
  | { readonly state: "moved"; readonly movedTo: SessionKey }
  | { readonly state: "gone" };

export function readSession(rows: ReadableRows, now: number, key: SessionKey): StoredSession | null {
  const row = rows.get(SESSIONS, key);
  if (row?.body.kind === "live") return storedSession(row.body, row.until, now);
  if (row?.body.kind !== "moved" || row.body.graceUntil <= now) return null;
  return { ...storedSession(row.body, row.body.graceUntil, now), movedTo: row.body.movedTo };
}

export function createSession(
  rows: Rows,
  now: number,
  key: SessionKey,
  attributes: Attributes,
  lifetime: Lifetime,
): CreateOutcome {
  const row = rowOrUnreadable(rows, key);
  if (row === "unreadable" || row?.body.kind === "live") return "taken";
  if (row !== undefined) return "gone";
  keepSession(rows, now, key, lifetime, {
    kind: "live",
    createdAt: now,
    attributes: AttributeList.of(attributes),
    writes: [],
  });
  return "ok";
}

export function updateSession(
  rows: Rows,
  now: number,
  key: SessionKey,
  change: AttributeChange,
  lifetime: Lifetime,
  token?: WriteToken,
): UpdateOutcome {
  const found = findSession(rows, now, key);
  if (found.state !== "live") return refusal(found);
  const { session } = found;
  if (token !== undefined && isSeen(session.writes, token)) {
    return { outcome: "ok", current: valuesNow(session.attributes, { add: change.add ?? new Map() }) };
  }
  const changed = changeAttributes(session.attributes, change);
  if (!changed.fits) return { outcome: "conflict", current: changed.current };
  const writes = withToken(session.writes, token);
  const { createdAt } = session;
  keepSession(rows, now, key, lifetime, { kind: "live", createdAt, attributes: changed.attributes, writes });
  return { outcome: "ok", current: changed.current };
}

export function touchSession(
  rows: Rows,
  now: number,
  key: SessionKey,
  lifetime: Lifetime,
): "ok" | "gone" | "moved" {
  const found = findSession(rows, now, key);
  if (found.state !== "live") return found.state;
  keepSession(rows, now, key, lifetime, found.session);
  return "ok";
}

export function destroySession(
  rows: Rows,
  now: number,
  key: SessionKey,
  tombstoneMs: number,
): DestroyOutcome {
  const row = rowOrUnreadable(rows, key);
  if (row === "unreadable" || row === undefined || row.body.kind === "live") {
    leaveTombstone(rows, now, key, now + tombstoneMs);
    return { outcome: row === undefined ? "gone" : "ok" };
  }
  leaveTombstone(rows, now, key, Math.max(row.until, now + tombstoneMs));
  if (row.body.kind !== "moved" || row.body.graceUntil <= now) return { outcome: "gone" };
  return { outcome: "moved", movedTo: row.body.movedTo };
}

export function renameSession(
  rows: Rows,
  now: number,
  from: SessionKey,
  to: SessionKey,
  change: AttributeChange,
  lifetime: Lifetime,
  graceMs: number,
): RenameOutcome {
  const found = findSession(rows, now, from);
  if (found.state !== "live") return refusal(found);
  const changed = changeAttributes(found.session.attributes, change);
  if (!changed.fits) return { outcome: "conflict", current: changed.current };
  if (rowOrUnreadable(rows, to) !== undefined) {
    leaveTombstone(rows, now, from, now + RENAMED_TOMBSTONE_MS);
    return { outcome: "gone" };
  }
  const { createdAt, attributes } = found.session;
  const graceUntil = now + Math.max(0, graceMs);
  rows.put(SESSIONS, from, {
    until: graceUntil + RENAMED_TOMBSTONE_MS,
    body: { kind: "moved", createdAt, attributes, movedTo: to, graceUntil },
  });
  keepSession(rows, now, to, lifetime, { ...found.session, attributes: changed.attributes });
  return { outcome: "ok" };
}

function findSession(rows: ReadableRows, now: number, key: SessionKey): Found {
  const row = rows.get(SESSIONS, key);
  if (row?.body.kind === "live") return { state: "live", session: row.body, until: row.until };
  if (row?.body.kind === "moved" && row.body.graceUntil > now) {
    return { state: "moved", movedTo: row.body.movedTo };
  }
  return { state: "gone" };
}

function refusal(
  found: Exclude<Found, { state: "live" }>,
): { outcome: "gone" } | { outcome: "moved"; movedTo: SessionKey } {
  return found.state === "moved" ? { outcome: "moved", movedTo: found.movedTo } : { outcome: "gone" };
}

/** `create` and `destroy` must not stumble over a record that they need not understand. */
function rowOrUnreadable(rows: ReadableRows, key: SessionKey): Row | undefined | "unreadable" {
  try {
    return rows.get(SESSIONS, key);
  } catch (error) {
    if (error instanceof DamagedRecordError || error instanceof NewerRecordError) return "unreadable";
    throw error;
  }
}

function keepSession(
  rows: Rows,
  now: number,
  key: SessionKey,
  lifetime: Lifetime,
  session: LiveSession,
): void {
  const absolute = lifetime.absoluteMs ?? Number.POSITIVE_INFINITY;
  const until = Math.min(now + lifetime.idleMs, session.createdAt + absolute);
  if (until > now) rows.put(SESSIONS, key, { until, body: session });
  else rows.delete(SESSIONS, key);
}

function leaveTombstone(rows: Rows, now: number, key: SessionKey, until: number): void {
  if (until > now) rows.put(SESSIONS, key, { until, body: { kind: "tombstone" } });
  else rows.delete(SESSIONS, key);
}

function storedSession(
  body: { readonly createdAt: number; readonly attributes: Attributes },
  until: number,
  now: number,
): StoredSession {
  return {
    attributes: AttributeList.of(body.attributes),
    remainingMs: until - now,
    ageMs: now - body.createdAt,
  };
}
