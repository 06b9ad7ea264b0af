/**
 * express-session stores its cookie's settings in each session, 95 bytes of JSON in the common case, of which
 * `expires` changes with every request. The same in 20: `expires` is the session's own deadline and is
 * derived from it, defaults are left out. With every value at most 64 bytes a Redis hash stays a listpack.
 *
 * Only a cookie that comes back the same is shortened; any other is stored as it is.
 */
interface CookieData {
  readonly [name: string]: unknown;
}

interface ShortCookie {
  /** originalMaxAge */
  m?: number;
  /** 1: expires is set. */
  x?: 1;
  /** 0: not httpOnly. */
  h?: 0;
  /** path, when it is not `/` */
  p?: string;
  /** domain */
  d?: string;
  /** secure */
  s?: boolean | "auto";
  /** sameSite */
  t?: boolean | string;
  /** priority */
  y?: string;
  /** partitioned */
  c?: boolean;
}

/** Marks a shortened cookie; no JSON text starts so. */
const MARK = "~";

/**
 * The `cookie` of a session that the application stored without one. express-session calls that its mistake; a
 * record that lost its cookie is a session all the same.
 */
export const NO_COOKIE: object = Object.freeze({});

const NO_COOKIE_TEXT = "~-";

/** The text to store for a session's `cookie`, or `undefined` when it is not one that can be shortened. */
export function shortenCookie(cookie: unknown): string | undefined {
  if (cookie === NO_COOKIE) return NO_COOKIE_TEXT;
  const data = cookieData(cookie);
  if (data === undefined) return undefined;
  const {
    originalMaxAge,
    expires,
    httpOnly,
    path,
    domain,
    secure,
    sameSite,
    priority,
    partitioned,
    ...rest
  } = data;
  if (Object.values(rest).some((value) => value !== undefined)) return undefined;
  if (!isAbsentOr(originalMaxAge, "number") || typeof httpOnly !== "boolean" || typeof path !== "string")
    return undefined;
  const hasExpires = expires instanceof Date || typeof expires === "string";
  if (!hasExpires && expires !== null && expires !== undefined) return undefined;
  if (hasExpires !== (typeof originalMaxAge === "number")) return undefined;
  if (!isAbsentOr(domain, "string") || !isAbsentOr(priority, "string") || !isAbsentOr(partitioned, "boolean"))
    return undefined;
  const short: ShortCookie = {};
  if (typeof originalMaxAge === "number") Object.assign(short, { m: originalMaxAge, x: 1 });
  if (!httpOnly) short.h = 0;
  if (path !== "/") short.p = path;
  for (const [key, value] of [
    ["d", domain],
    ["s", secure],
    ["t", sameSite],
    ["y", priority],
    ["c", partitioned],
  ] as const) {
    if (value !== undefined && value !== null) Object.assign(short, { [key]: value });
  }
  return MARK + JSON.stringify(short);
}

/** The cookie of a stored text: as express-session's JSON would have it, `expires` an ISO string or null. */
export function restoreCookie(text: string, remainingMs: number, nowMs: number): CookieData {
  if (text === NO_COOKIE_TEXT) return NO_COOKIE as CookieData;
  const short = JSON.parse(text.slice(MARK.length)) as ShortCookie;
  const cookie: Record<string, unknown> = { originalMaxAge: short.m ?? null };
  if (short.c !== undefined) cookie.partitioned = short.c;
  if (short.y !== undefined) cookie.priority = short.y;
  cookie.expires = short.x === 1 ? new Date(nowMs + remainingMs).toISOString() : null;
  if (short.s !== undefined) cookie.secure = short.s;
  cookie.httpOnly = short.h !== 0;
  if (short.d !== undefined) cookie.domain = short.d;
  cookie.path = short.p ?? "/";
  if (short.t !== undefined) cookie.sameSite = short.t;
  return cookie;
}

export function isShortCookie(text: string): boolean {
  return text.startsWith(MARK);
}

function cookieData(cookie: unknown): CookieData | undefined {
  if (typeof cookie !== "object" || cookie === null || Array.isArray(cookie)) return undefined;
  const json = "toJSON" in cookie && typeof cookie.toJSON === "function" ? cookie.toJSON() : cookie;
  return typeof json === "object" && json !== null ? (json as CookieData) : undefined;
}

function isAbsentOr(value: unknown, type: "number" | "string" | "boolean"): boolean {
  return value === undefined || value === null || typeof value === type;
}
