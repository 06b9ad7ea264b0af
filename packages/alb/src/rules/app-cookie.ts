import type { Assumptions } from "../assumptions.ts";
import {
  type AnswerView,
  type Choice,
  type Claim,
  type CookieLines,
  type RequestView,
  type RuleContext,
  type StickyGroup,
  unclaimed,
} from "./claim.ts";
import { cookieLine, isChromium80 } from "./cookie-line.ts";
import { cookieValues, hasCookie, setCookieName } from "./cookies.ts";
import { claimFrom, sealPin, unsealBase64 } from "./pins.ts";
import { seal } from "./sealed-value.ts";
import { joinShards, largestSealedBytes, shardNames, splitIntoShards } from "./shards.ts";

/**
 * [D] "clients have to send back both cookies": the application's own, of which only the name counts, and the
 * balancer's AWSALBAPP, which says where.
 */
export function readAppCookie(request: RequestView, group: StickyGroup, context: RuleContext): Claim {
  const holdsAppCookie = hasCookie(request.cookies, group.stickiness.cookieName);
  const value = joinShards(shardNames.map((name) => cookieValues(request.cookies, name)[0]));
  if (value === null) return unclaimed(context, "no_cookie", { holdsAppCookie });
  const claim = claimFrom(unsealBase64(context.key, "AWSALBAPP", value), group, context);
  if (holdsAppCookie || !isPair(claim)) return { ...claim, holdsAppCookie };
  return { ...claim, target: null, problem: "no_app_cookie", holdsAppCookie };
}

/** Does the claim rest on an AWSALBAPP that could be read, is in date and is for this group? */
function isPair({ problem }: Claim): boolean {
  return problem === null || problem === "target_gone" || problem === "target_unhealthy";
}

type AppCookieVerdict = "pin" | "remove" | "keep";

/**
 * What happens to AWSALBAPP in the answer: named anew for the target, four times `_remove_`, or left alone. This is
 * the decision table of the README, row by row.
 */
function judgeAppCookie(
  claim: Claim,
  isSticky: boolean,
  setsAppCookie: boolean,
  assume: Assumptions,
): AppCookieVerdict {
  // [D][O] Only the name of the application's cookie is looked at, not its value, attributes or expiry.
  if (setsAppCookie) return "pin";
  // [D] "the expiry … and the duration of stickiness are reset" after every request.
  if (isSticky) return assume.validPair === "reissue" ? "pin" : "keep";
  if (claim.problem === "no_app_cookie") return assume.pairWithoutAppCookie;
  // [I] from [D] "treats the session as now stuck to the new healthy target".
  if (isPair(claim)) return assume.repin === "reissue" ? "pin" : "remove";
  // [O] Five captures: without the application's cookie on either side all four are `_remove_`.
  if (!claim.holdsAppCookie) return "remove";
  return claim.problem === "no_cookie" ? assume.appCookieAlone : assume.expiredPair;
}

export function writeAppCookie(
  request: RequestView,
  choice: Choice,
  answer: AnswerView,
  group: StickyGroup,
  context: RuleContext,
): CookieLines {
  const { claim, isSticky } = choice;
  const setsAppCookie = answer.setCookies.some((line) => setCookieName(line) === group.stickiness.cookieName);
  const verdict = judgeAppCookie(claim, isSticky, setsAppCookie, context.assume);
  if (verdict === "keep") return { early: [], late: [] };
  const value = verdict === "pin" ? pinned(choice, group, context) : keptForOthers(claim, context);
  return { early: [], late: appCookieLines(value, request.userAgent, context) };
}

function pinned({ target, claim }: Choice, group: StickyGroup, context: RuleContext): string {
  return sealPin("AWSALBAPP", group, target, claim, context, largestSealedBytes).toString("base64");
}

/** [D] The cookie "captures stickiness information for each target group": [I] losing one loses no other. */
function keptForOthers({ others, label }: Claim, context: RuleContext): string | null {
  return others.length === 0 ? null : seal(context.key, "AWSALBAPP", label, others).toString("base64");
}

/**
 * [O] Always four lines, alike but for the value. [D] None of the application's attributes is copied, and there is no
 * CORS twin.
 */
export function appCookieLines(
  value: string | null,
  userAgent: string,
  context: Pick<RuleContext, "nowMs" | "isHttps" | "assume">,
): readonly string[] {
  const isAllowed = context.isHttps || context.assume.secureOnHttp === "user_agent";
  const isSecure = isAllowed && isChromium80(userAgent);
  const look = { routedAtMs: context.nowMs, isSameSiteNone: isSecure, isSecure };
  return splitIntoShards(value).map((part, index) => cookieLine(shardNames[index] ?? "", part, look));
}
