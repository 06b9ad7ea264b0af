import { hash, randomBytes } from "node:crypto";
import type { SessionKey } from "../backend.ts";

/** 32 random bytes in base64url: 43 characters, and the last one carries four bits, so two of its bits are zero. */
const ID_FORM = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** A new session id: 256 bits from the system's generator (OWASP ASVS 5.0 7.2.3 asks for 128). */
export function createSessionId(): string {
  return randomBytes(32).toString("base64url");
}

/** Whether a text has the form of {@link createSessionId}. Says nothing about whether such a session exists. */
export function isSessionId(text: string): boolean {
  return ID_FORM.test(text);
}

/**
 * What the middlewares that ours take the place of make unless told otherwise, and browsers still show:
 * express-session 24 bytes in base64url (uid-safe), koa-session its `prefix` and a UUID. Ours for Koa begins
 * as a UUID does.
 */
const PEER_FORM =
  /^[A-Za-z0-9_-]{32}$|^.{0,128}[0-9a-f]{8}-(?:[0-9a-f]{56}|(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/s;

/** Whether a text has the form of {@link createSessionId}, or of what such a middleware makes. */
export function isKnownId(text: string): boolean {
  return ID_FORM.test(text) || PEER_FORM.test(text);
}

/** What a backend knows a session by. The id itself never leaves the process that serves the request. */
export function sessionKey(id: string): SessionKey {
  return hash("sha256", id, "base64url");
}

const HANDLE_PREFIX = "handle:";

/** A name for a session that cannot be used as its id: for lists, logs and `destroy`. */
export function sessionHandle(key: SessionKey): string {
  return HANDLE_PREFIX + key;
}

/** The key that a handle names, or `undefined` when the text is no handle. */
export function handleKey(text: string): SessionKey | undefined {
  if (!text.startsWith(HANDLE_PREFIX)) return undefined;
  const key = text.slice(HANDLE_PREFIX.length);
  return /^[A-Za-z0-9_-]{43}$/.test(key) ? key : undefined;
}
