import { OptionError, type SharedState } from "@unstick/session";
import { Claims } from "./flow/claims.ts";
import { SamlSessions } from "./logout/saml-sessions.ts";
import type { NodeSaml } from "./message/node-saml.ts";
import type { ProtectOptions } from "./protect-options.ts";
import { type ReadProtectOptions, readProtectOptions } from "./protect-options.ts";
import { type Shelf, shelf } from "./shelf.ts";
import { readSource } from "./state/state-source.ts";

/** What one service provider remembers, and the settings it remembers by. */
export interface Gate {
  readonly options: ReadProtectOptions;
  readonly state: SharedState;
  readonly claims: Claims;
  readonly sessions: SamlSessions;
  /** Ids of our own LogoutRequests: an answer to one never completes a login. */
  readonly logouts: Shelf;
}

/** Who the service provider is, and how far clocks may differ. */
export interface Party {
  readonly entityId: string;
  readonly clockSkewMs: number;
}

/** Throws an {@link OptionError} for wrong options, ours or node-saml's. */
export function openGate({ entityId, clockSkewMs }: Party, given: ProtectOptions): Gate {
  const options = readProtectOptions(given);
  const { scope } = options;
  const state = readSource(options.state);
  return {
    options,
    state,
    claims: new Claims({ ...options, state, clockSkewMs }),
    sessions: new SamlSessions({ ...options, state, sessions: options.sessions, entityId, clockSkewMs }),
    logouts: shelf(state, "logout", scope),
  };
}

/** The party that a node-saml object is configured to be. */
export function partyOf({ options }: NodeSaml): Party {
  const { acceptedClockSkewMs: clockSkewMs, issuer: entityId } = options;
  if (clockSkewMs < 0) {
    throw new OptionError(
      "acceptedClockSkewMs",
      "is negative, which turns all checks of time off in node-saml; give the milliseconds that clocks may differ",
    );
  }
  return { entityId, clockSkewMs };
}
