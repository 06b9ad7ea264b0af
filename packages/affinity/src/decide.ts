import { readCookie, showsLostPair } from "./cookie-header.ts";
import type { SignedClaim, SignedValue } from "./signed-value.ts";

/** What this client is to this instance: unknown, bound to it, or bound to another and now here. */
export type AffinityState = "new" | "kept" | "moved";

export interface DecisionInput {
  /** The request's Cookie header, whole. */
  readonly cookieHeader: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** 12 bytes or more. Equal bytes give an equal value, which tells clients nothing; see the package README. */
  readonly random: Uint8Array;
  /** Names the instance that decides. It reaches nobody. */
  readonly instance: string;
  /** This instance is going away: bind nobody, let go of who is bound. */
  readonly draining: boolean;
}

export interface DecisionConfig {
  readonly name: string;
  /** `NAME=`, what the cookie starts with in a Cookie header. */
  readonly needle: string;
  readonly signed: SignedValue;
  readonly lifetimeSeconds: number | "session";
  /** A good cookie is set anew when it has no more than this left. */
  readonly renewWithinSeconds: number;
}

export interface Decision {
  readonly state: AffinityState;
  /** The client showed a cookie of this name and none of them was ours. */
  readonly isForged: boolean;
  /** Set the cookie, expire it, or leave the response alone. */
  readonly action: "bind" | "release" | "leave";
  /** The cookie's value; empty unless the action is `bind`. */
  readonly value: string;
}

/** Same-named cookies looked at; a request that holds more is nobody's browser. */
const maxTried = 8;

/** Clocks of one fleet may differ by this much before a value counts as made in the future and is made anew. */
const clockSkewSeconds = 60;

interface Standing {
  readonly isDue: boolean;
  /** The decision to leave the response alone: the same for all, and what nearly all get. */
  readonly leaveAlone: Decision;
}

const stranger = standingOf("new", { isForged: false, isDue: true });
const forger = standingOf("new", { isForged: true, isDue: true });
const keptFresh = standingOf("kept", { isForged: false, isDue: false });
const keptEnding = standingOf("kept", { isForged: false, isDue: true });
const moved = standingOf("moved", { isForged: false, isDue: true });

function standingOf(
  state: AffinityState,
  { isForged, isDue }: { isForged: boolean; isDue: boolean },
): Standing {
  return { isDue, leaveAlone: Object.freeze({ state, isForged, action: "leave", value: "" }) };
}

/** What to do about one request. Pure and total: every header is answered, none throws. */
export function decide(input: DecisionInput, config: DecisionConfig): Decision {
  const header = input.cookieHeader ?? "";
  const second = Math.floor(input.now / 1_000);
  const shown = readCookie(header, config.needle, maxTried);
  const { isDue, leaveAlone } = standing(shown, second, input.instance, config);
  const { state, isForged } = leaveAlone;
  if (input.draining) {
    // Any cookie of the name keeps a client stuck, good or not: ALB never looks at the value.
    return shown.length > 0 ? { state, isForged, action: "release", value: "" } : leaveAlone;
  }
  if (!isDue && !showsLostPair(header)) return leaveAlone;
  return { state, isForged, action: "bind", value: config.signed.mint(second, input.random, input.instance) };
}

/** The first good cookie decides. */
function standing(
  shown: readonly string[],
  second: number,
  instance: string,
  config: DecisionConfig,
): Standing {
  if (shown.length === 0) return stranger;
  let isForged = true;
  for (const value of shown) {
    const claim = config.signed.verify(value, instance);
    if (claim === null) continue;
    isForged = false;
    const age = ageOf(claim, second, config);
    if (age === "over") continue;
    if (!claim.isOwn) return moved;
    return age === "ending" ? keptEnding : keptFresh;
  }
  return isForged ? forger : stranger;
}

/** A claim in a format of a later release is over, too: all we can do is to replace it. */
function ageOf(
  { issuedAt }: SignedClaim,
  second: number,
  config: DecisionConfig,
): "fresh" | "ending" | "over" {
  if (issuedAt === null) return "over";
  const age = second - issuedAt;
  if (age < -clockSkewSeconds) return "ending";
  if (config.lifetimeSeconds === "session") return "fresh";
  const left = config.lifetimeSeconds - Math.max(age, 0);
  if (left <= 0) return "over";
  return left <= config.renewWithinSeconds ? "ending" : "fresh";
}
