import type { Backend, PrincipalIndex, SessionEnumeration, SessionKey } from "../backend.ts";
import { DamagedRecordError, NewerRecordError } from "../errors.ts";
import { linkPrincipal, principalSessions, unlinkPrincipal } from "./principal-steps.ts";
import {
  createSession,
  destroySession,
  readSession,
  renameSession,
  SESSIONS,
  touchSession,
  updateSession,
} from "./session-steps.ts";
import type { ReadableRows, Table } from "./table.ts";

/** Every verb is one step over the table, so atomicity is the table's and meaning is the steps'. */
export function tableBackend(table: Table): Backend & SessionEnumeration & PrincipalIndex {
  return {
    name: table.name,
    read: (key) => table.read((rows, now) => readSession(rows, now, key)),
    create: (...args) => table.write((rows, now) => createSession(rows, now, ...args)),
    update: (key, change, lifetime, token) =>
      table.write((rows, now) => updateSession(rows, now, key, change, lifetime, token)),
    touch: (...args) => table.write((rows, now) => touchSession(rows, now, ...args)),
    destroy: (...args) => table.write((rows, now) => destroySession(rows, now, ...args)),
    rename: (...args) => table.write((rows, now) => renameSession(rows, now, ...args)),
    sessionKeys: () => liveKeys(table),
    destroyAll: (tombstoneMs) => destroyAll(table, tombstoneMs),
    linkPrincipal: (...args) => table.write((rows, now) => linkPrincipal(rows, now, ...args)),
    unlinkPrincipal: (...args) => table.write((rows) => unlinkPrincipal(rows, ...args)),
    principalSessions: (principal) => table.read((rows) => principalSessions(rows, principal)),
    close: () => table.close(),
  };
}

async function* liveKeys(table: Table): AsyncGenerator<SessionKey> {
  for await (const key of table.keys(SESSIONS, "")) {
    if (await table.read((rows) => kindOf(rows, key) === "live")) yield key;
  }
}

async function destroyAll(table: Table, tombstoneMs: number): Promise<number> {
  let ended = 0;
  for await (const key of table.keys(SESSIONS, "")) {
    ended += await table.write((rows, now) => {
      const kind = kindOf(rows, key);
      if (kind !== undefined) destroySession(rows, now, key, tombstoneMs);
      return kind === "live" ? 1 : 0;
    });
  }
  return ended;
}

function kindOf(rows: ReadableRows, key: SessionKey): string | undefined {
  try {
    return rows.get(SESSIONS, key)?.body.kind;
  } catch (error) {
    if (error instanceof DamagedRecordError || error instanceof NewerRecordError) return "unreadable";
    throw error;
  }
}
