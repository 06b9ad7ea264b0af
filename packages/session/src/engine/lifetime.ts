import type { Lifetime } from "../backend.ts";
import { OptionError } from "../errors.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** After the authentication assurance levels of NIST SP 800-63B-4. */
export type LifetimePreset = "aal1" | "aal2" | "aal3";

/** Idle and absolute limits of NIST SP 800-63B-4 section 5.2 by assurance level. AAL1 names no idle limit. */
export const LIFETIME_PRESETS: Readonly<Record<"aal1" | "aal2" | "aal3", Required<Lifetime>>> = {
  aal1: { idleMs: DAY_MS, absoluteMs: 30 * DAY_MS },
  aal2: { idleMs: HOUR_MS, absoluteMs: DAY_MS },
  aal3: { idleMs: 15 * MINUTE_MS, absoluteMs: 12 * HOUR_MS },
};

/** The longest wait before a deadline is moved again, when nobody asks for another. */
const LONGEST_TOUCH_INTERVAL_MS = MINUTE_MS;

/** A tenth of the idle lifetime, at most a minute: a session may end that much earlier than its idle lifetime. */
export function defaultTouchIntervalMs(idleMs: number): number {
  return Math.min(Math.floor(idleMs / 10), LONGEST_TOUCH_INTERVAL_MS);
}

/**
 * Whether a deadline is worth moving. `remainingMs` and `ageMs` are the backend's, as the record was read;
 * near the absolute limit a touch would gain nothing, and where the lifetime was shortened it must be moved.
 */
export function isTouchDue(
  stored: { readonly remainingMs: number; readonly ageMs: number },
  lifetime: Lifetime,
  touchIntervalMs: number,
): boolean {
  if (touchIntervalMs <= 0) return true;
  const left = lifetime.absoluteMs === undefined ? Infinity : lifetime.absoluteMs - stored.ageMs;
  const gainMs = Math.min(lifetime.idleMs, left) - stored.remainingMs;
  return gainMs >= touchIntervalMs || gainMs < 0;
}

/** Resolve the `lifetime` option: a preset's name, or limits in milliseconds. */
export function resolveLifetime(option: LifetimePreset | Lifetime): Lifetime {
  if (typeof option === "string") {
    if (Object.hasOwn(LIFETIME_PRESETS, option)) return LIFETIME_PRESETS[option];
    throw new OptionError("lifetime", `the presets are ${Object.keys(LIFETIME_PRESETS).join(", ")}`);
  }
  requireMs("lifetime.idleMs", option.idleMs, 1);
  if (option.absoluteMs === undefined) return { idleMs: option.idleMs };
  requireMs("lifetime.absoluteMs", option.absoluteMs, 1);
  return { idleMs: option.idleMs, absoluteMs: option.absoluteMs };
}

/** Throws unless `value` is an integer of at least `least` milliseconds. */
export function requireMs(option: string, value: unknown, least: number): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new OptionError(
      option,
      `must be an integer of at least ${least} (milliseconds), not ${typeof value === "number" ? value : typeof value}`,
    );
  }
}
