import { OptionError, type SharedState } from "@unstick/session";

export interface CacheProviderOptions {
  /**
   * How long a login may take, milliseconds; default 600,000 (10 minutes). Give node-saml the same value as
   * `requestIdExpirationPeriodMs`, whose own default is 8 hours.
   */
  readonly requestIdLifetimeMs?: number;
  /**
   * Keeps the ids of one tenant, application or identity provider apart from those of others in the same
   * state; default `"default"`. An answer in one scope never completes a login of another.
   */
  readonly scope?: string;
}

export const defaults: Required<CacheProviderOptions> = {
  requestIdLifetimeMs: 600_000,
  scope: "default",
};

const dayMs = 86_400_000;

/** The options with their defaults; throws an {@link OptionError} that names the first wrong one. */
export function readOptions(options: CacheProviderOptions): Required<CacheProviderOptions> {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaults, name)) {
      throw new OptionError(name, `is not an option; known are ${Object.keys(defaults).join(", ")}`);
    }
  }
  const { requestIdLifetimeMs = defaults.requestIdLifetimeMs, scope = defaults.scope } = options;
  if (!Number.isInteger(requestIdLifetimeMs) || requestIdLifetimeMs < 1_000 || requestIdLifetimeMs > dayMs) {
    throw new OptionError(
      "requestIdLifetimeMs",
      `is ${String(requestIdLifetimeMs)}; give whole milliseconds from 1000 to ${dayMs} (one day)`,
    );
  }
  if (typeof scope !== "string" || scope.length === 0 || scope.length > 256) {
    throw new OptionError("scope", "must be a string of 1 to 256 characters");
  }
  return { requestIdLifetimeMs, scope };
}

/** Throws unless `state` has the verbs that the cache provider calls. */
export function assertSharedState(state: SharedState): void {
  const verbs = ["add", "get", "take"] as const;
  const missing = verbs.filter(
    (verb) => typeof (state as Partial<SharedState> | null)?.[verb] !== "function",
  );
  if (missing.length > 0) {
    throw new OptionError(
      "state",
      `has no ${missing.join(", ")}; give a SharedState: memoryState(), lmdbState({ path }) or redisState(client)`,
    );
  }
}
