import type { ReadFlowOptions } from "./flow-options.ts";
import { createHandle } from "./login-flow.ts";

/** The cookie that tells which browser began a login. Separate from the session's, and short-lived. */
function cookieName({ isSecure }: ReadFlowOptions): string {
  // `__Host-`: a sibling domain cannot set it (RFC 6265bis 4.1.3.2).
  return isSecure ? "__Host-unstick-saml" : "unstick-saml";
}

/** The browser's secret in a Cookie header; of several, the first that has its form. */
export function readBrowser(header: string | undefined, options: ReadFlowOptions): string | undefined {
  const name = cookieName(options);
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    const value = pair.slice(at + 1).trim();
    if (pair.slice(0, at).trim() === name && /^[A-Za-z0-9_-]{43}$/.test(value)) return value;
  }
  return undefined;
}

export interface Browser {
  readonly secret: string;
  /** Set-Cookie. A browser that has a secret keeps it: it may have begun a login in another tab. */
  readonly cookie: string;
}

export function keepBrowser(
  header: string | undefined,
  options: ReadFlowOptions,
  lifetimeMs: number,
): Browser {
  const secret = readBrowser(header, options) ?? createHandle();
  const sameSite = options.binding === "none-cookie" ? "None" : "Lax";
  const secure = options.isSecure ? "; Secure" : "";
  const seconds = Math.ceil((lifetimeMs + options.ticketLifetimeMs) / 1_000);
  const cookie = `${cookieName(options)}=${secret}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${secure}`;
  return { secret, cookie };
}
