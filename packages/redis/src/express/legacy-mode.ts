import { OptionError } from "@unstick/session";

/**
 * How connect-redis's sessions are treated while a fleet moves away from it, or back to it. `"share"`: this
 * instance works on connect-redis's own records, beside instances that still run connect-redis. `"adopt"`: each
 * becomes one of ours when it is next used, beside instances in `"share"`. `"off"`: they are not looked at.
 * `"return"`: as `"share"`, and each of ours becomes connect-redis's again when it is next used, beside instances in
 * `"share"`; once none of ours is left, beside instances that run connect-redis.
 */
export type LegacyMode = "share" | "adopt" | "off" | "return";

const MODES: readonly LegacyMode[] = ["share", "adopt", "off", "return"];

/** What one string of JSON for a whole session cannot give. */
const BEYOND_SHARE = ["attributes", "maxSessions", "onConflict", "principal"];

/** Whether new sessions are connect-redis's records. */
export function keepsTheirs(legacy: LegacyMode): boolean {
  return legacy === "share" || legacy === "return";
}

let hasWarned = false;

interface LegacyOptions {
  readonly legacy?: LegacyMode;
  readonly encryption?: { readonly active: string | null };
}

export function readLegacyMode(options: LegacyOptions): LegacyMode {
  const { legacy = "off" } = options;
  if (!MODES.includes(legacy)) {
    throw new OptionError("legacy", 'must be "share", "adopt", "off" or "return"');
  }
  if (keepsTheirs(legacy)) refuseBeyondShare(legacy, options);
  if (legacy === "share") warnOnce();
  return legacy;
}

function refuseBeyondShare(legacy: LegacyMode, options: LegacyOptions): void {
  const asked = BEYOND_SHARE.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (asked !== undefined) {
    throw new OptionError(
      asked,
      `is not possible with legacy: "${legacy}", which keeps connect-redis's records; turn it on with "adopt"`,
    );
  }
  // Keys alone: they open what was sealed in "adopt".
  if (options.encryption !== undefined && options.encryption.active !== null) {
    throw new OptionError(
      "encryption.active",
      `must be null with legacy: "${legacy}", which keeps connect-redis's records; turn it on with "adopt"`,
    );
  }
}

function warnOnce(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'legacy: "share" keeps connect-redis\'s records: instances that run connect-redis still lose updates and still bring ended sessions back. Go on to "adopt" when none is left',
    { code: "UNSTICK_LEGACY_SHARE" },
  );
}
