import { SAML } from "@node-saml/node-saml";
import type { FlowOptions } from "@unstick/saml";
import type { InstanceConfig } from "../fleet/messages.ts";
import type { Storage } from "./storage.ts";

/** node-saml as its README sets it up: who we are, and who the identity provider is. */
export function createSaml({ publicUrl, identityProvider }: InstanceConfig): SAML {
  return new SAML({
    issuer: `${publicUrl}/metadata`,
    callbackUrl: `${publicUrl}/acs`,
    logoutCallbackUrl: `${publicUrl}/logout`,
    entryPoint: identityProvider.loginUrl,
    logoutUrl: identityProvider.logoutUrl,
    idpCert: identityProvider.certificate,
  });
}

/** What `samlRoutes` of both frameworks is told: in production the first two lines are enough. */
export function flowOptions({ logins, sessions }: Storage): FlowOptions {
  return {
    state: logins,
    sessions,
    // Everybody in this demo has one address, 127.0.0.1.
    maxPendingPerClient: 20_000,
  };
}
