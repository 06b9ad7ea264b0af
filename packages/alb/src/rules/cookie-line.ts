/** [D] "The load balancer cookie has a cookie expiry of 7 days, which is not configurable" (sticky-sessions). */
const browserLifetimeMs = 7 * 24 * 60 * 60 * 1000;

export interface CookieLook {
  /** When the request was routed. */
  readonly routedAtMs: number;
  readonly isSameSiteNone: boolean;
  readonly isSecure: boolean;
}

/**
 * One Set-Cookie line of an ALB. [O] `Expires; Path=/; SameSite=None; Secure` in this order, and Expires counted from
 * the moment of routing: with x-runtime 2.35 s it lay two seconds before Date.
 */
export function cookieLine(name: string, value: string, look: CookieLook): string {
  const expires = new Date(look.routedAtMs + browserLifetimeMs).toUTCString();
  const sameSite = look.isSameSiteNone ? "; SameSite=None" : "";
  const secure = look.isSecure ? "; Secure" : "";
  return `${name}=${value}; Expires=${expires}; Path=/${sameSite}${secure}`;
}

/**
 * [D] "adds SameSite=None; Secure … only if the user-agent version is Chromium80 or above". [O] Decided by the
 * user agent alone: also on same-site navigations, and never for curl.
 */
export function isChromium80(userAgent: string): boolean {
  const version = /\bChrom(?:e|ium)\/(\d+)/.exec(userAgent)?.[1];
  return version !== undefined && Number(version) >= 80;
}
