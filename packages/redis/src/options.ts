import { OptionError } from "@unstick/session";

export interface RedisOptions {
  /**
   * What the keys of this backend begin with, at most 120 bytes of UTF-8. Default `"sess:"` for sessions,
   * `"state:"` for shared state. Any characters will do, those that `SCAN` treats specially included.
   */
  readonly prefix?: string;
  /** How long one call may take, in milliseconds, before it ends with a `DeadlineError`. Default 500. */
  readonly deadlineMs?: number;
}

export const DEFAULTS: Readonly<{ deadlineMs: number; sessionPrefix: string; statePrefix: string }> = {
  deadlineMs: 500,
  sessionPrefix: "sess:",
  statePrefix: "state:",
};

/** Escaped it must stay within 256 bytes: long patterns have brought servers down (CVE-2024-31228). */
const LONGEST_PREFIX = 120;

export interface CheckedOptions {
  readonly prefix: string;
  readonly deadlineMs: number;
}

export function checkOptions(options: RedisOptions, defaultPrefix: string): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (name !== "prefix" && name !== "deadlineMs") {
      throw new OptionError(name, "is unknown; the options are prefix and deadlineMs");
    }
  }
  return {
    prefix: checkPrefix(options.prefix ?? defaultPrefix),
    deadlineMs: checkDeadline(options.deadlineMs ?? DEFAULTS.deadlineMs),
  };
}

function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== "string") throw new OptionError("prefix", "must be a string");
  const bytes = Buffer.byteLength(prefix);
  if (bytes > LONGEST_PREFIX) {
    throw new OptionError("prefix", `has ${bytes} bytes of UTF-8; at most ${LONGEST_PREFIX} are allowed`);
  }
  if (/\p{Surrogate}/u.test(prefix)) throw new OptionError("prefix", "is no well-formed Unicode");
  return prefix;
}

function checkDeadline(deadlineMs: unknown): number {
  if (
    typeof deadlineMs === "number" &&
    Number.isInteger(deadlineMs) &&
    deadlineMs >= 1 &&
    deadlineMs <= 60_000
  ) {
    return deadlineMs;
  }
  throw new OptionError("deadlineMs", "must be a whole number of milliseconds from 1 to 60000");
}
