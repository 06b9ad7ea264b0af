import { isIP } from "node:net";
import { getPublicSuffix } from "tough-cookie";

/** What a request may carry, as tough-cookie names it: "strict" is everything, "none" only `SameSite=None`. */
export type SameSiteContext = "strict" | "lax" | "none";

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * The site of a URL as a browser counts it: scheme and registrable domain; ports do not count
 * (draft-ietf-httpbis-rfc6265bis section 5.2, "schemefully same-site"). An address or a single label is a site of its own.
 */
export function siteOf(url: string): string {
  const { protocol, hostname } = new URL(url);
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) return `${protocol}//${hostname}`;
  const domain = getPublicSuffix(hostname, { allowSpecialUseDomain: true, ignoreError: true });
  return `${protocol}//${domain ?? hostname}`;
}

/**
 * Which cookies go along on a top-level navigation to `url` that the page `from` begins; without `from` somebody
 * typed the address. rfc6265bis section 5.6.7.1: `Lax` cookies go with a cross-site navigation only if the method is safe.
 * A redirect keeps the initiator; like Chromium, the sites in the middle of a chain do not count.
 */
export function sameSiteContext(method: string, url: string, from: string | undefined): SameSiteContext {
  if (from === undefined || siteOf(from) === siteOf(url)) return "strict";
  return safeMethods.has(method) ? "lax" : "none";
}
