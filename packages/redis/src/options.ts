import { OptionError } from "@unstick/session";

export interface RedisOptions {
  /**
   * What the keys of this backend begin with, at most 120 bytes of UTF-8. Default `"sess:"` for sessions,
   * `"state:"` for shared state. Any characters will do, those that `SCAN` treats specially included.
   */
  readonly prefix?: string;
  /** How long one call may take, in milliseconds, before it ends with a `DeadlineError`. Default 500. */
  readonly deadlineMs?: number;
  /**
   * When calls have waited this long, in milliseconds, and nothing at all was heard from the server, the
   * client is made to connect anew: what else it has in flight on that connection is resent or rejected, as
   * its own options say. 0: never. Default 1500. Not for cluster, sentinel and pool clients of node-redis,
   * nor for valkey-glide, which watches its connections itself.
   */
  readonly reconnectAfterMs?: number;
  /**
   * For ioredis over Sentinel without `failoverDetector` and `socketTimeout`, which is refused otherwise:
   * say that the servers have `min-replicas-to-write` of at least 1, so that a master that was replaced
   * while it hung takes no more writes. Default false.
   */
  readonly guardedByServer?: boolean;
}

export const DEFAULTS = {
  sessionPrefix: "sess:",
  statePrefix: "state:",
  deadlineMs: 500,
  reconnectAfterMs: 1_500,
  guardedByServer: false,
} as const;

/** Escaped it must stay within 256 bytes: long patterns have brought servers down (CVE-2024-31228). */
const LONGEST_PREFIX = 120;

export type CheckedOptions = Required<RedisOptions>;

const NAMES = ["prefix", "deadlineMs", "reconnectAfterMs", "guardedByServer"];

export function checkOptions(options: RedisOptions, defaultPrefix: string): CheckedOptions {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw new OptionError(name, `is unknown; the options are ${NAMES.join(", ")}`);
  }
  const guardedByServer = options.guardedByServer ?? DEFAULTS.guardedByServer;
  if (typeof guardedByServer !== "boolean") throw new OptionError("guardedByServer", "must be true or false");
  return {
    prefix: checkPrefix(options.prefix ?? defaultPrefix),
    deadlineMs: checkDuration("deadlineMs", options.deadlineMs ?? DEFAULTS.deadlineMs, 1),
    reconnectAfterMs: checkDuration(
      "reconnectAfterMs",
      options.reconnectAfterMs ?? DEFAULTS.reconnectAfterMs,
      0,
    ),
    guardedByServer,
  };
}

/** Tell the options of the backend from those of whoever stands before it. */
export function splitOptions<T extends RedisOptions>(
  options: T,
): readonly [redis: RedisOptions, rest: Omit<T, keyof RedisOptions>] {
  const entries = Object.entries(options);
  const isOurs = ([name]: [string, unknown]): boolean => NAMES.includes(name);
  const rest = Object.fromEntries(entries.filter((entry) => !isOurs(entry)));
  return [Object.fromEntries(entries.filter(isOurs)), rest as Omit<T, keyof RedisOptions>];
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

function checkDuration(option: string, value: unknown, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= 60_000) return value;
  throw new OptionError(option, `must be a whole number of milliseconds from ${least} to 60000`);
}
