import type { Assumptions } from "../assumptions.ts";
import type { Stickiness } from "../settings.ts";
import type { SealedPin } from "./sealed-value.ts";

/** What routing may know of a request. */
export interface RequestView {
  /** The Cookie header; empty when there is none. */
  readonly cookies: string;
  readonly userAgent: string;
  readonly clientAddress: string;
  readonly path: string;
}

export type TargetState = "initial" | "healthy" | "unhealthy" | "draining" | "unused";

export interface TargetView {
  readonly id: string;
  readonly state: TargetState;
  readonly inFlight: number;
  readonly share: number;
}

/** What is fixed while one request is routed. */
export interface RuleContext {
  readonly key: Buffer;
  readonly nowMs: number;
  readonly isHttps: boolean;
  readonly assume: Assumptions;
  /** Length of a second in milliseconds. */
  readonly secondMs: number;
  readonly newLabel: () => string;
}

/** The group as the stickiness rules see it. */
export interface StickyGroup {
  readonly name: string;
  readonly stickiness: Stickiness;
  readonly targets: readonly TargetView[];
}

/** Why a request is not sticky; CloudWatch counts each as NonStickyRequestCount. */
export type NotSticky =
  | "no_stickiness"
  | "no_cookie"
  | "no_app_cookie"
  | "expired"
  | "malformed"
  | "target_gone"
  | "target_unhealthy";

/** What a request says about where it belongs. */
export interface Claim {
  /** The target it may be routed to, if that is able to serve. */
  readonly target: string | null;
  /** Set when `target` is null. */
  readonly problem: NotSticky | null;
  /** Short random name of the client for the status page. */
  readonly label: string;
  readonly holdsAppCookie: boolean;
  /** Choices for other target groups that travel in the same cookie. */
  readonly others: readonly SealedPin[];
}

/** What the target's answer looks like to the cookie rules. */
export interface AnswerView {
  readonly setCookies: readonly string[];
}

/** A choice that has been made, to be written down for the client. */
export interface Choice {
  readonly target: string;
  readonly isSticky: boolean;
  readonly claim: Claim;
}

/** Set-Cookie lines by their place among the target's headers ([O] AWSALB and AWSALBTG first, AWSALBAPP last). */
export interface CookieLines {
  readonly early: readonly string[];
  readonly late: readonly string[];
}

export const noLines: CookieLines = { early: [], late: [] };

export function unclaimed(context: RuleContext, problem: NotSticky, more: Partial<Claim> = {}): Claim {
  return { target: null, problem, label: context.newLabel(), holdsAppCookie: false, others: [], ...more };
}
