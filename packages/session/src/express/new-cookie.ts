import type { IncomingMessage } from "node:http";
import type { CookieOptions } from "./cookie-options.ts";
import { isSecure } from "./secure.ts";
import { StoreCookie } from "./store-session.ts";

/** The settings of a new session's cookie, with every `"auto"` decided for this request. */
export function newCookie(
  options: CookieOptions,
  request: IncomingMessage,
  proxy: boolean | undefined,
): StoreCookie {
  const { secure, sameSite } = options;
  const cookie = new StoreCookie(options as Readonly<Record<string, unknown>>);
  if (secure !== "auto" && sameSite !== "auto") return cookie;
  const isEncrypted = isSecure(request, proxy);
  if (secure === "auto") cookie.secure = isEncrypted;
  if (sameSite === "auto") cookie.sameSite = isEncrypted ? "none" : "lax";
  if (cookie.secure !== true) withoutSecure(cookie);
  return cookie;
}

/** Browsers drop SameSite=None and Partitioned without Secure: over plain HTTP they are left out. */
function withoutSecure(cookie: StoreCookie): void {
  if (cookie.sameSite === "none") cookie.sameSite = "lax";
  if (cookie.partitioned === true) cookie.partitioned = false;
}

/** The settings that a session was stored with; `fallback` where there are none that make sense. */
export function restoredCookie<Fallback>(stored: unknown, fallback: () => Fallback): StoreCookie | Fallback {
  if (typeof stored !== "object" || stored === null) return fallback();
  const { expires, originalMaxAge } = stored as { expires?: unknown; originalMaxAge?: number | null };
  const cookie = new StoreCookie(stored as Readonly<Record<string, unknown>>);
  if (typeof expires === "string") cookie.expires = new Date(expires);
  cookie.originalMaxAge = originalMaxAge ?? null;
  return cookie;
}

/** The age of a cookie counts from now. Setting it must not shorten it by what has passed. */
export function countAge(cookie: StoreCookie): void {
  const { originalMaxAge } = cookie;
  if (typeof originalMaxAge !== "number") return;
  cookie.maxAge = originalMaxAge;
  cookie.originalMaxAge = originalMaxAge;
}

/** Whether it ends at a time, and not when the browser closes. */
export function isAged({ expires }: StoreCookie): boolean {
  return expires !== null && expires !== undefined;
}
