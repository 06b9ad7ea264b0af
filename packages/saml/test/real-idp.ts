import { createIdentityProvider, type IdentityProvider } from "@unstick/testbed/identity-provider";
import { callbackUrl, entityId, logoutUrl } from "./service-provider.ts";

export type RealIdp = IdentityProvider;

/** The testbed's identity provider, facing the service provider of these tests, or one at other addresses. */
export function startRealIdp(
  partner: { readonly callbackUrl: string; readonly logoutUrl: string } = { callbackUrl, logoutUrl },
): Promise<RealIdp> {
  return createIdentityProvider({
    entityId: "urn:unstick:idp",
    loginUrl: "http://idp.test/login",
    logoutUrl: "http://idp.test/logout",
    serviceProvider: { entityId, ...partner },
  });
}
