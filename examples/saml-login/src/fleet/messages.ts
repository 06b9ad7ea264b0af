import type { ModeId } from "../modes.ts";

export type Framework = "express" | "koa";

/** Where instances that share their state keep it. */
export type StateLocation =
  | { readonly kind: "lmdb"; readonly path: string }
  | { readonly kind: "redis"; readonly url: string; readonly prefix: string };

/** What an instance is told when it starts. It travels over IPC, since a command line is public on a machine. */
export interface InstanceConfig {
  readonly name: string;
  readonly framework: Framework;
  readonly mode: ModeId;
  /** The balancer's address: what browsers and the identity provider know. */
  readonly publicUrl: string;
  /** Where a browser goes after the login. */
  readonly homeUrl: string;
  readonly identityProvider: {
    readonly loginUrl: string;
    readonly logoutUrl: string;
    readonly certificate: string;
  };
  readonly secrets: { readonly sticky: string; readonly session: string };
  readonly state: StateLocation;
}

/** Why an instance refused, as its visitor was told. */
export interface Refusal {
  /** `ERR_UNSTICK_…`; empty where the error has none. */
  readonly code: string;
  readonly sentence: string;
}

/**
 * One thing an instance did for a login: it made the request, took the POSTed answer, met the browser that came for
 * it, served the next page.
 */
export interface Step {
  readonly kind: "begun" | "answered" | "redeemed" | "welcomed";
  readonly instance: string;
  /** What this step calls the login. The steps of one login share names; see `Journal`. */
  readonly names: readonly string[];
  /** Names of the cookies that came with the request. */
  readonly cookies: readonly string[];
  /** Sent by the demo's own HTTP clients, not by a person's browser. */
  readonly isSimulated: boolean;
  readonly refusal: Refusal | null;
}

/** An instance did what a LogoutRequest of the identity provider asks. */
export interface LoggedOut {
  readonly instance: string;
  /** How many it ended. */
  readonly sessions: number;
}

export type FromInstance =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "step"; readonly step: Step }
  | { readonly type: "logged-out"; readonly loggedOut: LoggedOut }
  | { readonly type: "failed"; readonly sentence: string };

export type ToInstance = { readonly type: "configure"; readonly config: InstanceConfig };
