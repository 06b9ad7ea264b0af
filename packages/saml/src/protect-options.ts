import type { SessionBackend } from "./logout/saml-sessions.ts";
import { checkOneOf, checkScope, checkWhole, withDefaults } from "./read-options.ts";
import type { StateSource } from "./state/state-source.ts";

export interface ProtectOptions {
  /** What all instances share: `createSamlState({ backend })`, or a SharedState. */
  readonly state: StateSource;
  /**
   * The backend that the application's sessions live in, so that a LogoutRequest of the identity provider ends
   * them wherever it arrives. Default: none; a LogoutRequest then only refuses the assertions it names.
   */
  readonly sessions?: SessionBackend;
  /** Keeps a tenant or an identity provider apart from others in one state; default `"default"`. */
  readonly scope?: string;
  /** How long a login may take; default 600,000 (10 minutes). node-saml's 8 hours are not taken over. */
  readonly requestIdLifetimeMs?: number;
  /** IdP-initiated logins, which nothing ties to a browser that wants them; default `"refuse"`. */
  readonly unsolicited?: "refuse" | "accept";
  /** Largest message, as it arrives; default 262,144. */
  readonly maxMessageBytes?: number;
  /** Logins that this process begins within one lifetime; default 20,000. */
  readonly maxPendingLogins?: number;
  /** How long the index knows a session whose end the identity provider does not name; default 86,400,000. */
  readonly sessionLifetimeMs?: number;
}

export type ReadProtectOptions = Required<Omit<ProtectOptions, "sessions">> &
  Pick<ProtectOptions, "sessions">;

export const PROTECT_DEFAULTS: Required<Omit<ProtectOptions, "state" | "sessions">> = {
  scope: "default",
  requestIdLifetimeMs: 600_000,
  unsolicited: "refuse",
  maxMessageBytes: 262_144,
  maxPendingLogins: 20_000,
  sessionLifetimeMs: 86_400_000,
};

/** Throws an {@link OptionError} that names the first wrong option. */
export function readProtectOptions(options: ProtectOptions): ReadProtectOptions {
  const read = withDefaults(PROTECT_DEFAULTS, options, ["state", "sessions"]);
  checkScope(read.scope);
  checkWhole("requestIdLifetimeMs", read.requestIdLifetimeMs, 1_000, 86_400_000);
  checkWhole("maxMessageBytes", read.maxMessageBytes, 1_024, 16_777_216);
  checkWhole("maxPendingLogins", read.maxPendingLogins, 1, 100_000_000);
  checkWhole("sessionLifetimeMs", read.sessionLifetimeMs, 1_000, 400 * 86_400_000);
  checkOneOf("unsolicited", read.unsolicited, ["refuse", "accept"]);
  return read;
}
