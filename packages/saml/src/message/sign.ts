import { toPem, type XmlTools } from "./verified-xml.ts";

const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/** Sign a message by RSA-SHA256, after its Issuer (core 5.4). Without a key it stays as it is. */
export function signMessage({ SignedXml }: XmlTools, xml: string, privateKey: string | undefined): string {
  if (privateKey === undefined) return xml;
  const signer = new SignedXml({
    privateKey: toPem(privateKey, "PRIVATE KEY"),
    signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signer.addReference({
    xpath: "/*",
    transforms: [ENVELOPED, EXCLUSIVE],
    digestAlgorithm: "http://www.w3.org/2001/04/xmlenc#sha256",
  });
  const location = { reference: "/*/*[local-name(.)='Issuer']", action: "after" };
  signer.computeSignature(xml, { prefix: "ds", location });
  return signer.getSignedXml();
}
