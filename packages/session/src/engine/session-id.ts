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

/** What express-session makes unless told otherwise: 24 bytes in base64url (uid-safe). */
const EXPRESS_FORM = /^[A-Za-z0-9_-]{32}$/;
/** What koa-session makes: a UUID behind its `prefix`. Ours for Koa begins as a UUID does. */
const UUID_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const KOA_FORM = /^[0-9a-f]{8}-[0-9a-f]{56}$/;
const MOST_PREFIX = 128;

/**
 * Whether a text has the form of {@link createSessionId}, or of what the middlewares that ours take the place of
 * make unless told otherwise, which browsers still show.
 */
export function isKnownId(text: string): boolean {
  const { length } = text;
  return (
    (length === 43 && ID_FORM.test(text)) ||
    (length === 32 && EXPRESS_FORM.test(text)) ||
    endsWith(KOA_FORM, 65, text) ||
    endsWith(UUID_FORM, 36, text)
  );
}

/** Behind a prefix. One expression for both, from the beginning, would try at each place. */
function endsWith(form: RegExp, length: number, text: string): boolean {
  if (text.length < length || text.length > length + MOST_PREFIX) return false;
  return form.test(text.length === length ? text : text.slice(-length));
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
