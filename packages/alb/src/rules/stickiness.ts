import { readAppCookie, writeAppCookie } from "./app-cookie.ts";
import {
  type AnswerView,
  type Choice,
  type Claim,
  type CookieLines,
  noLines,
  type RequestView,
  type RuleContext,
  type StickyGroup,
  type TargetView,
  unclaimed,
} from "./claim.ts";
import {
  readClassicAppCookie,
  readClassicDuration,
  writeClassicAppCookie,
  writeClassicDuration,
} from "./classic-cookie.ts";
import { readLbCookie, writeLbCookie } from "./lb-cookie.ts";
import { hashLikeNginx, hashSourceAddress } from "./source-address.ts";

/** Where this request belongs, by the group's kind of stickiness. `usable` are the targets that may serve at all. */
export function readClaim(
  request: RequestView,
  group: StickyGroup,
  usable: readonly TargetView[],
  context: RuleContext,
): Claim {
  switch (group.stickiness.type) {
    case "none":
      return unclaimed(context, "no_stickiness");
    case "app_cookie":
      return readAppCookie(request, group, context);
    case "lb_cookie":
      return readLbCookie(request, group, context);
    case "clb_duration":
      return readClassicDuration(request, group, context);
    case "clb_app_cookie":
      return readClassicAppCookie(request, group, context);
    case "source_ip":
      return byAddress(hashSourceAddress(request.clientAddress, usable), context);
    case "ip_hash":
      return byAddress(hashLikeNginx(request.clientAddress, registered(group), usable), context);
  }
}

/** The cookies that tell the client where it went. */
export function writeClaim(
  request: RequestView,
  choice: Choice,
  answer: AnswerView,
  group: StickyGroup,
  context: RuleContext,
): CookieLines {
  switch (group.stickiness.type) {
    case "app_cookie":
      return writeAppCookie(request, choice, answer, group, context);
    case "lb_cookie":
      return writeLbCookie(choice, group, context);
    case "clb_duration":
      return writeClassicDuration(choice, group, context);
    case "clb_app_cookie":
      return writeClassicAppCookie(choice, answer, group, context);
    default:
      return noLines;
  }
}

/** Kinds that are kept in a cookie; only their misses are counted as NonStickyRequestCount. */
export function isKeptInCookie({ stickiness }: StickyGroup): boolean {
  return !["none", "source_ip", "ip_hash"].includes(stickiness.type);
}

function byAddress(target: string | null, context: RuleContext): Claim {
  if (target === null) return unclaimed(context, "no_stickiness");
  return { ...unclaimed(context, "no_stickiness"), target, problem: null };
}

function registered({ targets }: StickyGroup): readonly TargetView[] {
  return targets.filter(({ state }) => state !== "draining" && state !== "unused");
}
