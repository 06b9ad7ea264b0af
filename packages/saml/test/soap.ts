import samlify from "samlify";

export const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
/** An identity provider's. */
export const envelope = (message: string): string =>
  `<?xml version="1.0"?>\n<S:Envelope xmlns:S="${SOAP}"><S:Header/><S:Body>${message}</S:Body></S:Envelope>`;

/** Whether the LogoutResponse in an envelope is signed by that key; samlify judges. */
export function isSignedBy(soap: string, signingCert: string): boolean {
  const [message = ""] = /<samlp:LogoutResponse[\s\S]*<\/samlp:LogoutResponse>/.exec(soap) ?? [];
  const service = { Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", Location: "http://any.test/" };
  const { entityMeta } = samlify.ServiceProvider({
    entityID: "urn:any",
    signingCert,
    assertionConsumerService: [service],
  });
  const signatureAlgorithm = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
  const [isGood] = samlify.SamlLib.verifySignature(message, { metadata: entityMeta, signatureAlgorithm });
  return isGood && message.includes("<ds:SignatureValue>");
}
