import { OptionError, type SharedState } from "@unstick/session";
import { digest } from "./digest.ts";
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
  /**
   * A shelf for what only this service provider and its identity provider may complete. Two that share a state and a
   * scope would else take each other's tickets: a customer's login, presented at the address of the staff's.
   */
  transactions(kind: string): Shelf;
}

/** Who the service provider is and whom it asks, and how far clocks may differ. The same on all instances. */
export interface Party {
  readonly entityId: string;
  readonly callbackUrl: string;
  /** The identity provider's entity id, or where it takes requests. */
  readonly asks: string;
  readonly clockSkewMs: number;
}

/** Throws an {@link OptionError} for wrong options, ours or node-saml's. */
export function openGate(party: Party, given: ProtectOptions): Gate {
  const { entityId, callbackUrl, asks, clockSkewMs } = party;
  const options = readProtectOptions(given);
  const state = readSource(options.state);
  const ours = digest("party", options.scope, entityId, callbackUrl, asks);
  const transactions = (kind: string): Shelf => shelf(state, kind, ours);
  return {
    options,
    state,
    claims: new Claims({ ...options, state, clockSkewMs, requests: transactions("request") }),
    sessions: new SamlSessions({ ...options, state, sessions: options.sessions, entityId, clockSkewMs }),
    logouts: transactions("logout"),
    transactions,
  };
}

/** The party that a node-saml object is configured to be. */
export function partyOf({ options }: NodeSaml): Party {
  const { acceptedClockSkewMs: clockSkewMs, issuer: entityId, callbackUrl, entryPoint = "" } = options;
  if (clockSkewMs < 0) {
    throw new OptionError(
      "acceptedClockSkewMs",
      "is negative, which turns all checks of time off in node-saml; give the milliseconds that clocks may differ",
    );
  }
  return { entityId, callbackUrl, asks: entryPoint, clockSkewMs };
}
