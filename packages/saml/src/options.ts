import { checkScope, checkWhole, withDefaults } from "./read-options.ts";

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
  /**
   * How many logins this process begins within one lifetime; default 20,000 (some 8 MB in the store). Beyond it
   * a login is refused with `SamlError` (`flood`), so that nobody can fill the store by beginning logins.
   */
  readonly maxPendingLogins?: number;
}

export const defaults: Required<CacheProviderOptions> = {
  requestIdLifetimeMs: 600_000,
  scope: "default",
  maxPendingLogins: 20_000,
};

const dayMs = 86_400_000;

/** The options with their defaults; throws an {@link OptionError} that names the first wrong one. */
export function readOptions(options: CacheProviderOptions): Required<CacheProviderOptions> {
  const read = withDefaults(defaults, options);
  checkWhole("requestIdLifetimeMs", read.requestIdLifetimeMs, 1_000, dayMs);
  checkWhole("maxPendingLogins", read.maxPendingLogins, 1, 100_000_000);
  checkScope(read.scope);
  return read;
}
