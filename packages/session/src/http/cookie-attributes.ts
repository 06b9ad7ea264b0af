import { OptionError } from "../errors.ts";

/** The attributes of a Set-Cookie field. */
export interface CookieAttributes {
  /** When the browser forgets it. Absent or null: when it closes. */
  readonly expires?: Date | null | undefined;
  readonly path?: string | undefined;
  readonly domain?: string | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly secure?: boolean | undefined;
  readonly sameSite?: boolean | string | undefined;
  readonly priority?: string | undefined;
  readonly partitioned?: boolean | undefined;
}

/** RFC 9110 section 5.6.2: token. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 6265bis section 4.1.1: any character but controls and `;`. Longer than 1024 is ignored by browsers (5.6). */
const PATH = /^\/[\x20-\x3a\x3c-\x7e]{0,1023}$/;
/** RFC 1034 section 3.5 as amended by RFC 1123 section 2.1; a leading dot is ignored by browsers. */
const DOMAIN = /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** Name and value together: browsers drop what is longer (RFC 6265bis section 5.6). */
const MOST_BYTES = 4096;

export function requireCookieName(name: unknown): asserts name is string {
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new OptionError("name", "must be a cookie name: letters, digits and !#$%&'*+-.^_`|~");
  }
}

/**
 * Refuse every cookie that a browser would drop without a word. `isMaybeSecure`: whether Secure is set for
 * some requests at least (`secure: "auto"`). Throws {@link OptionError}.
 */
export function requireStorableCookie(name: string, cookie: CookieAttributes, isMaybeSecure: boolean): void {
  requireSyntax(cookie);
  const lower = name.toLowerCase();
  const isHostOnly = lower.startsWith("__host-");
  if (
    (isHostOnly || lower.startsWith("__secure-") || lower.startsWith("__http-")) &&
    cookie.secure !== true
  ) {
    throw new OptionError(
      "cookie.secure",
      `must be true for a cookie called ${name}: browsers drop it otherwise`,
    );
  }
  if (isHostOnly && (cookie.domain !== undefined || (cookie.path ?? "/") !== "/")) {
    throw new OptionError("cookie.path", `a cookie called ${name} must have the path / and no domain`);
  }
  if (/^__(host-)?http-/.test(lower) && cookie.httpOnly === false) {
    throw new OptionError("cookie.httpOnly", `must be true for a cookie called ${name}`);
  }
  if (cookie.partitioned === true && !isMaybeSecure) {
    throw new OptionError("cookie.partitioned", 'needs secure: true or "auto": browsers drop it otherwise');
  }
  if (String(cookie.sameSite).toLowerCase() === "none" && !isMaybeSecure) {
    throw new OptionError(
      "cookie.sameSite",
      '"none" needs secure: true or "auto": browsers drop it otherwise',
    );
  }
}

function requireSyntax(cookie: CookieAttributes): void {
  const { path, domain, expires, sameSite, priority } = cookie;
  if (path !== undefined && !PATH.test(path)) {
    throw new OptionError(
      "cookie.path",
      "must begin with / and have at most 1024 printable characters, no semicolon",
    );
  }
  if (domain !== undefined && (!DOMAIN.test(domain) || domain.length > 253)) {
    throw new OptionError("cookie.domain", "must be a host name");
  }
  if (expires !== undefined && expires !== null && Number.isNaN(expires.valueOf())) {
    throw new OptionError("cookie.expires", "option expires is invalid: it is not a date");
  }
  if (sameSite !== undefined && typeof sameSite !== "boolean" && !/^(lax|strict|none)$/i.test(sameSite)) {
    throw new OptionError("cookie.sameSite", 'must be true, false, "lax", "strict" or "none"');
  }
  if (priority !== undefined && !/^(low|medium|high)$/i.test(priority)) {
    throw new OptionError("cookie.priority", 'must be "low", "medium" or "high"');
  }
}

/** The attributes of a Set-Cookie field as text, before and after Expires: what is the same from response to response. */
export interface CookieParts {
  readonly before: string;
  readonly after: string;
}

export function cookieParts(cookie: CookieAttributes): CookieParts {
  let before = "";
  if (cookie.domain) before += `; Domain=${cookie.domain}`;
  if (cookie.path) before += `; Path=${cookie.path}`;
  let after = "";
  if (cookie.httpOnly) after += "; HttpOnly";
  if (cookie.secure) after += "; Secure";
  if (cookie.partitioned) after += "; Partitioned";
  if (cookie.priority) after += `; Priority=${capitalise(cookie.priority)}`;
  if (cookie.sameSite)
    after += `; SameSite=${cookie.sameSite === true ? "Strict" : capitalise(cookie.sameSite)}`;
  return { before, after };
}

/**
 * The text of a Set-Cookie field. The value is percent-encoded, as express-session does. `expires`: milliseconds
 * since the epoch.
 */
export function setCookieText(
  name: string,
  value: string,
  { before, after }: CookieParts,
  expires: number | undefined,
): string {
  const pair = `${name}=${encodeURIComponent(value)}`;
  if (pair.length - 1 > MOST_BYTES) {
    throw new OptionError(
      "genid",
      `the session cookie would have ${pair.length - 1} bytes; browsers drop more than ${MOST_BYTES}`,
    );
  }
  return expires === undefined
    ? pair + before + after
    : `${pair}${before}; Expires=${httpDate(expires)}${after}`;
}

let dated = { second: Number.NaN, text: "" };

/** An IMF-fixdate (RFC 9110 section 5.6.7), which knows no fractions of a second: most requests share one. */
function httpDate(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (dated.second !== second) dated = { second, text: new Date(ms).toUTCString() };
  return dated.text;
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

/** The field that makes a browser forget the cookie. It must have the attributes of the cookie itself. */
export function clearCookieText(name: string, cookie: CookieAttributes): string {
  return setCookieText(name, "", cookieParts(cookie), 0);
}

/** Whether a cookie of this path goes with a request for `pathname` (RFC 6265bis section 5.1.4). */
export function isPathMatch(pathname: string, path: string): boolean {
  if (path === "/" || pathname === path) return true;
  return pathname.startsWith(path) && (path.endsWith("/") || pathname[path.length] === "/");
}
