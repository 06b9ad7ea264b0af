import { OptionError } from "@unstick/session";

/**
 * How connect-redis's sessions are treated while a fleet moves away from it. `"share"`: this instance works
 * on connect-redis's own records, beside instances that still run connect-redis. `"adopt"`: each becomes one
 * of ours when it is next used, beside instances in `"share"`. `"off"`: they are not looked at.
 */
export type LegacyMode = "share" | "adopt" | "off";

/** What one string of JSON for a whole session cannot give. */
const BEYOND_SHARE = ["attributes", "encryption", "maxSessions", "onConflict", "principal"];

let hasWarned = false;

export function readLegacyMode(options: { readonly legacy?: LegacyMode }): LegacyMode {
  const { legacy = "off" } = options;
  if (!["share", "adopt", "off"].includes(legacy)) {
    throw new OptionError("legacy", 'must be "share", "adopt" or "off"');
  }
  if (legacy === "share") refuseBeyondShare(options);
  return legacy;
}

function refuseBeyondShare(options: object): void {
  const asked = BEYOND_SHARE.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (asked !== undefined) {
    throw new OptionError(
      asked,
      'is not possible with legacy: "share", which keeps connect-redis\'s records; turn it on with "adopt"',
    );
  }
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'legacy: "share" keeps connect-redis\'s records: instances that run connect-redis still lose updates and still bring ended sessions back. Go on to "adopt" when none is left',
    { code: "UNSTICK_LEGACY_SHARE" },
  );
}
