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
  readonly identityProvider: { readonly loginUrl: string; readonly certificate: string };
  readonly secrets: { readonly sticky: string; readonly session: string };
  readonly state: StateLocation;
}

/** One thing an instance did for a login. */
export interface Step {
  readonly kind: "begun" | "answered" | "welcomed";
  readonly instance: string;
  /** Id of the AuthnRequest, which names the login; empty if the message had none. */
  readonly login: string;
  /** Names of the cookies that came with the request. */
  readonly cookies: readonly string[];
  /** Sent by the demo's own HTTP clients, not by a person's browser. */
  readonly isSimulated: boolean;
  /** What went wrong, as the visitor was told; null if nothing did. */
  readonly error: string | null;
}

export type FromInstance =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "step"; readonly step: Step }
  | { readonly type: "failed"; readonly sentence: string };

export type ToInstance = { readonly type: "configure"; readonly config: InstanceConfig };
