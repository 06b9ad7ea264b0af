import { type CacheProvider, SAML, type SamlConfig, ValidateInResponseTo } from "@node-saml/node-saml";
import { createIdentityProvider, type IdentityProvider } from "@unstick/testbed/identity-provider";

export const callbackUrl = "http://sp.test/acs";
export const logoutUrl = "http://sp.test/logout";
export const entityId = "urn:unstick:sp";

export function startIdentityProvider(): Promise<IdentityProvider> {
  return createIdentityProvider({
    entityId: "urn:unstick:idp",
    loginUrl: "http://idp.test/login",
    serviceProvider: { entityId, callbackUrl },
  });
}

/** The real node-saml as one instance of a service provider would have it. */
export function createSaml(
  certificate: string,
  cacheProvider?: CacheProvider,
  changes: Partial<SamlConfig> = {},
): SAML {
  return new SAML({
    callbackUrl,
    entryPoint: "http://idp.test/login",
    issuer: entityId,
    idpCert: certificate,
    validateInResponseTo: ValidateInResponseTo.always,
    requestIdExpirationPeriodMs: 600_000,
    ...(cacheProvider && { cacheProvider }),
    ...changes,
  });
}

/** Begin a login: the AuthnRequest's id as the identity provider reads it. */
export async function beginLogin(saml: SAML, idp: IdentityProvider): Promise<string> {
  const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  return idp.readRequest(Object.fromEntries(url.searchParams));
}
