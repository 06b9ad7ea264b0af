import {
  type Choice,
  type Claim,
  type CookieLines,
  type RequestView,
  type RuleContext,
  type StickyGroup,
  unclaimed,
} from "./claim.ts";
import { cookieLine } from "./cookie-line.ts";
import { cookieValues } from "./cookies.ts";
import { claimFrom, sealPin, unsealBase64 } from "./pins.ts";

/** [D] AWSALB alone decides; AWSALBCORS holds the same value for requests that cross origins. */
export function readLbCookie(request: RequestView, group: StickyGroup, context: RuleContext): Claim {
  const value = ["AWSALB", "AWSALBCORS"].flatMap((name) => cookieValues(request.cookies, name))[0];
  if (value === undefined) return unclaimed(context, "no_cookie");
  return claimFrom(unsealBase64(context.key, "AWSALB", value), group, context);
}

/** [D][O] Both cookies anew on every response, whatever the request held. */
export function writeLbCookie(choice: Choice, group: StickyGroup, context: RuleContext): CookieLines {
  const value = sealPin("AWSALB", group, choice.target, { ...choice.claim, others: [] }, context);
  return { early: twinLines("AWSALB", value.toString("base64"), context), late: [] };
}

/**
 * A cookie and its CORS twin. [O] The twin is always sent; it is `SameSite=None; Secure`, and on plain-HTTP listeners
 * `SameSite=None` without Secure.
 */
export function twinLines(
  name: "AWSALB" | "AWSALBTG",
  value: string,
  context: RuleContext,
): readonly string[] {
  const look = { routedAtMs: context.nowMs, isSameSiteNone: false, isSecure: false };
  const twin = { ...look, isSameSiteNone: true, isSecure: context.isHttps };
  return [cookieLine(name, value, look), cookieLine(`${name}CORS`, value, twin)];
}
