import assert from "node:assert/strict";
import { Strategy } from "@node-saml/passport-saml";
import { protectStrategy } from "@unstick/saml";
import { memoryState } from "@unstick/session";

/** A strategy of an application that imports passport-saml and never node-saml itself. */
export async function smoke(): Promise<void> {
  const options = {
    callbackUrl: "https://app.example.org/acs",
    entryPoint: "https://idp.example.org/sso",
    issuer: "https://app.example.org/metadata",
    idpCert: "MIIB",
  };
  const verify = (): void => {};
  const strategy = protectStrategy(new Strategy(options, verify, verify), { state: memoryState() });
  const begun = new Promise<string>((resolve, reject) => {
    strategy.logout({ user: { nameID: "ada", nameIDFormat: "" }, query: {} } as never, (error, url) =>
      error ? reject(error) : resolve(url ?? ""),
    );
  });
  assert.match(await begun, /^https:\/\/idp\.example\.org\/sso\?SAMLRequest=/);
}
