import { verify, X509Certificate } from "node:crypto";
import type { RedirectMessage } from "./encoded.ts";
import { toPem } from "./verified-xml.ts";

/**
 * Whether one of the certificates verifies the signature of a Redirect, which covers the octets of the query as they
 * came (bindings 3.4.4.1). saml2-js verifies none, and samlify leaves the octets to its caller.
 */
export function isQuerySigned(
  { octets, algorithm, signature }: RedirectMessage,
  certificates: readonly string[],
): boolean {
  const [, type, hash] = /#(rsa|ecdsa)-(sha(?:256|384|512))$/.exec(algorithm) ?? [];
  const signed = Buffer.from(signature, "base64");
  return certificates.some((certificate) => {
    const { publicKey } = new X509Certificate(toPem(certificate, "CERTIFICATE"));
    const isOfType = publicKey.asymmetricKeyType === (type === "ecdsa" ? "ec" : type);
    return isOfType && verify(hash, Buffer.from(octets), publicKey, signed);
  });
}
