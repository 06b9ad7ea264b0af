import { type AnswerOptions, answerXml } from "@unstick/testbed/saml-messages";
import samlify from "samlify";
import { generate } from "selfsigned";
import type { RealIdp } from "./real-idp.ts";
import { callbackUrl, entityId } from "./service-provider.ts";

/** Which comes first when the Response is signed and its assertion encrypted. */
export type Order = "encrypt, then sign" | "sign, then encrypt";

/** What carries a signature: the assertion's is always made before it is encrypted. */
export type Signed = "assertion" | "Response" | "both";

export interface EncryptingIdp extends Pick<RealIdp, "entityId" | "certificate"> {
  encrypted(answer: AnswerOptions, order: Order, signed: Signed): Promise<string>;
}

const binding = (name: string): string => `urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${name}`;
const service = { Binding: binding("POST"), Location: "http://idp.test/" };

/** samlify as an identity provider that encrypts for this certificate. */
export async function startEncryptingIdp(encryptCert: string): Promise<EncryptingIdp> {
  samlify.setSchemaValidator({ validate: () => Promise.resolve("not checked") });
  const pair = await generate([{ name: "commonName", value: "idp" }], { keySize: 2048, algorithm: "sha256" });
  const issuer = "urn:unstick:idp";
  const idp = samlify.IdentityProvider({
    entityID: issuer,
    signingCert: pair.cert,
    privateKey: pair.private,
    isAssertionEncrypted: true,
    requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    singleSignOnService: [service],
    singleLogoutService: [service],
  });
  const parties = { issuer, audience: entityId, callbackUrl, logoutUrl: callbackUrl };
  return {
    entityId: issuer,
    certificate: pair.cert,
    encrypted: async (answer, order, signed) => {
      const sp = samlify.ServiceProvider({
        entityID: entityId,
        encryptCert,
        wantAssertionsSigned: signed !== "Response",
        wantMessageSigned: signed !== "assertion",
        assertionConsumerService: [{ Binding: binding("POST"), Location: callbackUrl }],
      });
      const asked = { extract: { request: { id: answer.requestId } } };
      const made = await idp.createLoginResponse(
        sp,
        asked,
        "post",
        {},
        {
          customTagReplacement: (template: string) => answerXml(template, answer, parties),
          encryptThenSign: order === "encrypt, then sign",
        },
      );
      return made.context;
    },
  };
}
