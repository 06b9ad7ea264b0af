import { type CacheProvider, type SamlConfig, ValidateInResponseTo } from "@node-saml/node-saml";
import { Strategy, type VerifyWithoutRequest } from "@node-saml/passport-saml";
import type { Strategy as PassportStrategy } from "passport";
import type { InstanceConfig } from "../fleet/messages.ts";

/** How long a login may take. */
export const loginLifetimeMs = 600_000;

export interface User {
  readonly name: string;
}

/** passport-saml as its README sets it up. The one line that matters here is `cacheProvider`. */
export function samlStrategy(
  config: InstanceConfig,
  cacheProvider: CacheProvider | undefined,
): PassportStrategy {
  const options: SamlConfig = {
    entryPoint: config.identityProvider.loginUrl,
    idpCert: config.identityProvider.certificate,
    issuer: `${config.publicUrl}/metadata`,
    callbackUrl: `${config.publicUrl}/acs`,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: loginLifetimeMs,
    ...(cacheProvider && { cacheProvider }),
  };
  const signIn: VerifyWithoutRequest = (profile, done) => done(null, { name: profile?.nameID ?? "" });
  const signOut: VerifyWithoutRequest = (_profile, done) => done(null);
  // passport-saml brings the types of Express 4 along; at run time it asks for nothing that Express 5 lacks.
  return new Strategy(options, signIn, signOut) as unknown as PassportStrategy;
}
