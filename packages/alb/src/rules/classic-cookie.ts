import {
  type AnswerView,
  type Choice,
  type Claim,
  type CookieLines,
  noLines,
  type RequestView,
  type RuleContext,
  type StickyGroup,
  unclaimed,
} from "./claim.ts";
import { cookieValues, hasCookie, setCookieName } from "./cookies.ts";
import { claimFrom } from "./pins.ts";
import { seal, unseal } from "./sealed-value.ts";

/** [D] The Classic balancer checks no expiry: the browser's copy of the cookie ends, or nothing does. */
const neverEnds = 8_640_000_000_000_000;

/** Duration policy: AWSELB decides alone. */
export function readClassicDuration(request: RequestView, group: StickyGroup, context: RuleContext): Claim {
  const value = ["AWSELB", "AWSELBCORS"].flatMap((name) => cookieValues(request.cookies, name))[0];
  if (value === undefined) return unclaimed(context, "no_cookie");
  const content = /^(?:[0-9A-F]{2})+$/.test(value)
    ? unseal(context.key, "AWSELB", Buffer.from(value, "hex"))
    : null;
  return claimFrom(content, group, context);
}

/** [D] Application policy: without the application's cookie the session "stops being sticky until a new one is issued". */
export function readClassicAppCookie(request: RequestView, group: StickyGroup, context: RuleContext): Claim {
  const claim = readClassicDuration(request, group, context);
  const holdsAppCookie = hasCookie(request.cookies, group.stickiness.cookieName);
  if (holdsAppCookie || claim.target === null) return { ...claim, holdsAppCookie };
  return { ...claim, target: null, problem: "no_app_cookie" };
}

/** [D] The balancer "does not refresh" AWSELB: it is written when the request brought no usable one. */
export function writeClassicDuration(choice: Choice, group: StickyGroup, context: RuleContext): CookieLines {
  if (choice.isSticky || isLeftAlone(choice.claim, context)) return noLines;
  const { durationSeconds } = group.stickiness;
  // [D] CookieExpirationPeriod 0 or left out: a cookie for the browser session.
  const maxAge = durationSeconds === 0 ? "" : `;MAX-AGE=${durationSeconds}`;
  const line = `AWSELB=${classicValue(choice, group, context)};PATH=/${maxAge}`;
  const twin = line.replace("AWSELB=", "AWSELBCORS=");
  return { early: [line, `${twin};SECURE;SAMESITE=None`], late: [] };
}

/** [D] Application policy: only a response with a new application cookie brings an AWSELB, which copies its attributes. */
export function writeClassicAppCookie(
  choice: Choice,
  answer: AnswerView,
  group: StickyGroup,
  context: RuleContext,
): CookieLines {
  const appLine = answer.setCookies.find((line) => setCookieName(line) === group.stickiness.cookieName);
  if (appLine !== undefined && !appLine.trimEnd().endsWith(";")) {
    const value = classicValue(choice, group, context);
    return { early: [], late: [`AWSELB=${value}${copiedAttributes(appLine)}`] };
  }
  // [I] from [D] "treats the session as now stuck to the new healthy instance": the cookie must then name it.
  const isMoved = choice.claim.holdsAppCookie && wasLost(choice.claim) && context.assume.classicRepin;
  if (!isMoved) return noLines;
  return { early: [], late: [`AWSELB=${classicValue(choice, group, context)};PATH=/`] };
}

/** [D] Path, domain, secure, httponly, max-age, expires, samesite … as the application has them; `_` in a path is `%5F`. */
function copiedAttributes(line: string): string {
  const copied = line
    .split(";")
    .slice(1)
    .map((attribute) => (/^\s*path\s*=/i.test(attribute) ? attribute.replaceAll("_", "%5F") : attribute));
  return copied.map((attribute) => `;${attribute}`).join("");
}

function classicValue(choice: Choice, group: StickyGroup, context: RuleContext): string {
  const durationMs = neverEnds - context.nowMs;
  const pin = { scope: group.name, choice: choice.target, routedAtMs: context.nowMs, durationMs };
  return seal(context.key, "AWSELB", choice.claim.label, [pin]).toString("hex").toUpperCase();
}

function wasLost({ problem }: Claim): boolean {
  return problem === "target_gone" || problem === "target_unhealthy";
}

/** [I] "as if there is no cookie and the session is no longer sticky" can be read as: no new cookie either. */
function isLeftAlone(claim: Claim, context: RuleContext): boolean {
  return wasLost(claim) && !context.assume.classicRepin;
}
