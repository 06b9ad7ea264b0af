import type { Backend, Lifetime } from "../backend.ts";
import { OptionError } from "../errors.ts";
import type { EncryptionOptions } from "./key-ring.ts";
import { defaultTouchIntervalMs, type LifetimePreset, requireMs, resolveLifetime } from "./lifetime.ts";
import { type MetricsOptions, requireMetrics } from "./metrics-options.ts";
import { jsonSerializer, type Serializer } from "./serializer.ts";

/**
 * What happens when two requests changed one attribute. `"counter"`: an integer, whose changes are added up
 * by the backend. A function: called with the value both began from, the value stored meanwhile and the
 * value of this request; returns what is stored. It may run several times and must not change its arguments.
 */
export type ConflictRule = "counter" | ((base: unknown, theirs: unknown, ours: unknown) => unknown);

export interface EngineOptions {
  readonly backend: Backend;
  /**
   * How long a session lives without being used, and in all: a preset after NIST SP 800-63B-4, or
   * milliseconds. Default: one day idle, no absolute limit (connect-redis's).
   */
  readonly lifetime?: LifetimePreset | Lifetime;
  /**
   * A deadline is not moved again before so many milliseconds. 0: with every request. Default: a tenth of
   * the idle lifetime, at most 60 000. A session may end that much earlier than its idle lifetime.
   */
  readonly touchIntervalMs?: number;
  /** Rules for attributes that several requests change at once. Default: the last writer wins. */
  readonly attributes?: Readonly<Record<string, ConflictRule>>;
  /** `"error"`: a save fails with `ERR_UNSTICK_CONFLICT` where the last writer would win. Default: `"last-writer-wins"`. */
  readonly onConflict?: "last-writer-wins" | "error";
  /** A session that would take more bytes is not saved: `ERR_UNSTICK_SESSION_TOO_LARGE`. Default: 1 MiB. */
  readonly maxBytes?: number;
  /** A session that takes more bytes is saved, and `unstick.session.large` tells. Default: 64 KiB. `Infinity`: never. */
  readonly warnBytes?: number;
  /** Default: {@link jsonSerializer}. */
  readonly serializer?: Serializer;
  /** Values whose text is longer are deflated. Default: 4096. `Infinity`: never. */
  readonly compressAboveBytes?: number;
  readonly encryption?: EncryptionOptions;
  /**
   * How many sessions one principal may have. With `"reject"` a further login fails with
   * `ERR_UNSTICK_SESSION_LIMIT`; with `"evict-oldest"` the oldest sessions end. Default: no limit.
   */
  readonly maxSessions?: { readonly max: number; readonly policy: "reject" | "evict-oldest" };
  /** How long an ended session's id stays refused. Longer than the longest request. Default: 60 000. */
  readonly tombstoneMs?: number;
  /**
   * How long the old id still reads the session as it was, after a rename, for requests in flight.
   * Default: 10 000. 0: not at all.
   */
  readonly graceMs?: number;
  /** A deadline for each call of the backend, for backends that have none of their own. Default: none. */
  readonly deadlineMs?: number;
  /**
   * Which ids are looked up; one of another form costs no call. `"known"`: ours, and those that express-session
   * and koa-session make unless told otherwise. `"any"`: somebody else makes them. Default: `"ours"`.
   */
  readonly ids?: "ours" | "known" | "any";
  /** OpenTelemetry metrics, where the application has `@opentelemetry/api`. Default: true. */
  readonly metrics?: boolean | MetricsOptions;
}

type EngineDefaults = Readonly<
  Required<
    Pick<
      EngineOptions,
      | "lifetime"
      | "attributes"
      | "onConflict"
      | "maxBytes"
      | "warnBytes"
      | "serializer"
      | "compressAboveBytes"
      | "tombstoneMs"
      | "graceMs"
      | "ids"
      | "metrics"
    >
  >
>;

export const ENGINE_DEFAULTS: EngineDefaults = {
  lifetime: { idleMs: 86_400_000 },
  attributes: {},
  onConflict: "last-writer-wins",
  maxBytes: 1_048_576,
  warnBytes: 65_536,
  serializer: jsonSerializer,
  compressAboveBytes: 4096,
  tombstoneMs: 60_000,
  graceMs: 10_000,
  ids: "ours",
  metrics: true,
};

/** The options as the engine uses them: checked, complete and frozen. */
export type Policy = Readonly<
  Omit<EngineOptions, "lifetime" | "attributes" | "touchIntervalMs"> &
    Required<Pick<EngineOptions, Exclude<keyof typeof ENGINE_DEFAULTS, "lifetime" | "attributes">>> & {
      readonly lifetime: Lifetime;
      readonly rules: ReadonlyMap<string, ConflictRule>;
      /** As given; without it each session's follows its own idle lifetime. */
      readonly touchIntervalMs: (idleMs: number) => number;
    }
>;

const KNOWN: Readonly<Record<keyof EngineOptions, true>> = {
  backend: true,
  lifetime: true,
  touchIntervalMs: true,
  attributes: true,
  onConflict: true,
  maxBytes: true,
  warnBytes: true,
  serializer: true,
  compressAboveBytes: true,
  encryption: true,
  maxSessions: true,
  tombstoneMs: true,
  graceMs: true,
  deadlineMs: true,
  ids: true,
  metrics: true,
};

/** The names of engine options, for adapters that take them among their own. */
export const ENGINE_OPTION_NAMES: readonly (keyof EngineOptions)[] = Object.keys(
  KNOWN,
) as (keyof EngineOptions)[];

/** Check every option once. Throws {@link OptionError}, naming the option. */
export function readEngineOptions(options: EngineOptions): Policy {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) throw new OptionError(name, "is not known");
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { lifetime, attributes, touchIntervalMs, ...rest } = {
    ...ENGINE_DEFAULTS,
    ...given,
  } as EngineOptions & typeof ENGINE_DEFAULTS;
  requireBackend(rest.backend);
  requireNumbers(rest, touchIntervalMs);
  requireOneOf("onConflict", rest.onConflict, ["last-writer-wins", "error"]);
  requireOneOf("ids", rest.ids, ["ours", "known", "any"]);
  requireMetrics(rest.metrics, rest.backend);
  requireSerializer(rest.serializer);
  requireMaxSessions(rest.maxSessions, rest.backend);
  return Object.freeze({
    ...rest,
    lifetime: resolveLifetime(lifetime),
    rules: readRules(attributes),
    touchIntervalMs: touchIntervalMs === undefined ? defaultTouchIntervalMs : (): number => touchIntervalMs,
  });
}

function requireNumbers(options: Omit<EngineOptions, "lifetime">, touchIntervalMs: number | undefined): void {
  if (touchIntervalMs !== undefined) requireMs("touchIntervalMs", touchIntervalMs, 0);
  if (options.deadlineMs !== undefined) requireMs("deadlineMs", options.deadlineMs, 1);
  requireMs("tombstoneMs", options.tombstoneMs, 1);
  requireMs("graceMs", options.graceMs, 0);
  for (const name of ["maxBytes", "warnBytes", "compressAboveBytes"] as const) {
    const value = options[name];
    if (typeof value !== "number" || !(value > 0))
      throw new OptionError(name, "must be a positive number of bytes");
  }
}

const VERBS = ["read", "create", "update", "touch", "destroy", "rename"] as const;

function requireBackend(backend: unknown): void {
  const verbs = (typeof backend === "object" && backend !== null ? backend : {}) as Record<string, unknown>;
  const missing = VERBS.filter((verb) => typeof verbs[verb] !== "function");
  if (missing.length > 0) {
    throw new OptionError(
      "backend",
      `must be a Backend such as memoryBackend(); it has no ${missing.join(", ")}`,
    );
  }
}

function requireSerializer(serializer: Serializer): void {
  if (typeof serializer?.stringify !== "function" || typeof serializer.parse !== "function") {
    throw new OptionError("serializer", "must have the functions stringify and parse");
  }
}

function requireMaxSessions(limit: EngineOptions["maxSessions"], backend: Backend): void {
  if (limit === undefined) return;
  if (!Number.isSafeInteger(limit.max) || limit.max < 1) {
    throw new OptionError("maxSessions.max", "must be a positive integer");
  }
  requireOneOf("maxSessions.policy", limit.policy, ["reject", "evict-oldest"]);
  if (!("linkPrincipal" in backend)) {
    throw new OptionError(
      "maxSessions",
      `needs a backend that keeps an index of a user's sessions; ${backend.name} does not`,
    );
  }
}

function readRules(attributes: Readonly<Record<string, ConflictRule>>): ReadonlyMap<string, ConflictRule> {
  for (const [name, rule] of Object.entries(attributes)) {
    if (rule !== "counter" && typeof rule !== "function") {
      throw new OptionError(
        `attributes.${name}`,
        'must be "counter" or a function (base, theirs, ours) => merged',
      );
    }
  }
  return new Map(Object.entries(attributes));
}

function requireOneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    throw new OptionError(option, `must be one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`);
  }
}
