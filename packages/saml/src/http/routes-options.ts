import { OptionError } from "@unstick/session";
import type { FlowOptions } from "../flow/flow-options.ts";
import type { RequestMaker } from "../flow/service-provider.ts";
import type { SamlLogin } from "../message/login.ts";
import { type Failure, failedLogin, failedLogout } from "./error-page.ts";

/** What the routes of both frameworks are told. `Call`: the request and response, or Koa's context. */
export interface RoutesOptions<Call extends readonly unknown[]> extends FlowOptions {
  /** node-saml's `SAML` object, as the application configures it. */
  readonly saml: RequestMaker;
  /**
   * Make the session: give it a new id (against fixation) and note who it is. With passport, `req.login`. What is
   * thrown fails the login.
   */
  readonly signIn: (login: SamlLogin, ...call: Call) => Promise<unknown>;
  /** The session's final id, once `signIn` is done, so that a logout finds it. */
  readonly sessionId?: (...call: Call) => string | undefined;
  /** Where the login route is mounted: the error page's way to try again; default `"/login"`. */
  readonly loginPath?: string;
  /** For the metadata, where assertions are encrypted for us: the certificate, PEM, of node-saml's `decryptionPvk`. */
  readonly decryptionCert?: string;
  /** What is sent instead of our error page. Default: our page, which can be shown to people. */
  readonly onError?: (error: unknown, ...call: Call) => unknown;
}

export interface SplitOptions<Call extends readonly unknown[]> {
  readonly routes: RoutesOptions<Call>;
  readonly flow: FlowOptions;
  readonly failures: { readonly login: Failure; readonly logout: Failure };
}

/** Throws an {@link OptionError} for a wrong option of the routes; the flow checks its own. */
export function splitOptions<Call extends readonly unknown[]>(
  routes: RoutesOptions<Call>,
): SplitOptions<Call> {
  const { saml, signIn, sessionId, loginPath = "/login", decryptionCert, onError, ...flow } = routes;
  if (typeof saml?.validatePostResponseAsync !== "function") {
    throw new OptionError("saml", "must be a SAML object of @node-saml/node-saml 5.1");
  }
  if (typeof signIn !== "function")
    throw new OptionError("signIn", "must be a function that makes the session");
  for (const [name, call] of Object.entries({ sessionId, onError })) {
    if (call !== undefined && typeof call !== "function") throw new OptionError(name, "must be a function");
  }
  if (decryptionCert !== undefined && typeof decryptionCert !== "string") {
    throw new OptionError("decryptionCert", "must be a certificate in PEM");
  }
  if (typeof loginPath !== "string") throw new OptionError("loginPath", "must be a path");
  const failures = { login: failedLogin(loginPath), logout: failedLogout(flow.defaultTarget ?? "/") };
  return { routes, flow, failures };
}
