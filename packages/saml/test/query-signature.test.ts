import { createSign } from "node:crypto";
import { generate } from "selfsigned";
import { expect, test } from "vitest";
import { readRedirect } from "../src/message/encoded.ts";
import { findLogoutMessage } from "../src/message/logout-message.ts";
import { isQuerySigned } from "../src/message/query-signature.ts";

/** Signatures of the Redirect binding by the kinds of keys and digests that are taken. */
const message = "SAMLRequest=s7EvyM1RKEstKs7Mz7NVMtQzUFJIzUvOT8nMS7dVCg1x07VQsrfj5QIA&RelayState=a%2fb";
const kinds = [
  ["rsa", "sha256"],
  ["rsa", "sha384"],
  ["rsa", "sha512"],
  ["ec", "sha256"],
  ["ec", "sha512"],
] as const;

test.each(kinds)(
  "%s with %s: over the octets as they came, by one of the certificates",
  async (keyType, hash) => {
    const make = () =>
      generate([{ name: "commonName", value: "idp" }], { keyType, keySize: 2048, algorithm: "sha256" });
    const [own, next, stranger] = [await make(), await make(), await make()];
    const name = keyType === "ec" ? "ecdsa" : "rsa";
    const algorithm = `http://www.w3.org/2001/04/xmldsig-more#${name}-${hash}`;
    const octets = `${message}&SigAlg=${encodeURIComponent(algorithm)}`;
    const signature = createSign(hash).update(octets).sign(next.private, "base64");
    const read = readRedirect(`${octets}&Signature=${encodeURIComponent(signature)}`, 10_000);
    expect(isQuerySigned(read, [own.cert, next.cert])).toBe(true);
    expect(isQuerySigned(read, [own.cert, stranger.cert])).toBe(false);
    expect(isQuerySigned(read, [])).toBe(false);
    expect(isQuerySigned({ ...read, octets: octets.replace("%2f", "%2F") }, [next.cert])).toBe(false);
    const other = algorithm.replace(name, name === "rsa" ? "ecdsa" : "rsa");
    expect(isQuerySigned({ ...read, algorithm: other }, [next.cert])).toBe(false);
  },
);

test("the query is all that stands behind the first question mark", () => {
  const query = `${message}?and=more`;
  expect(findLogoutMessage({ method: "GET", url: `/logout?${query}` })).toEqual({
    binding: "redirect",
    query,
    relayState: "a/b?and=more",
  });
  expect(findLogoutMessage({ method: "GET", url: "/logout" })).toBeUndefined();
});
