import { memoryState } from "@unstick/session";
import samlify from "samlify";
import { generate } from "selfsigned";
import { beforeAll, describe, expect, test } from "vitest";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { beginAt, finishAt, saml2Instance, samlifyInstance } from "./stateless-libraries.ts";

/** Encrypted assertions under begin() and finish(). */
let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

const accepted = "accepted ada@example.org";
const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;
const decode = (field: string): string => Buffer.from(field, "base64").toString();
const encode = (xml: string): string => Buffer.from(xml).toString("base64");

describe.each([
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
] as const)("%s", (_library, make) => {
  test("signed first, then encrypted: accepted once; one for another key, or with a clear one beside it, is not", async () => {
    const pair = await generate([{ name: "commonName", value: "sp" }], {
      keySize: 2048,
      algorithm: "sha256",
    });
    const a = make(idp, memoryState(), { decryptionKey: pair.private });
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId, isMessageSigned: false });
    const [assertion = ""] = /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(decode(answer)) ?? [];
    const encrypted = await encryptFor(pair.cert, decode(answer));
    expect(decode(encrypted)).not.toContain("ada@");
    const doubled = encode(decode(encrypted).replace("</samlp:Response>", `${assertion}</samlp:Response>`));
    const stranger = make(idp, memoryState(), { decryptionKey: (await otherPair).private });
    expect(await finishAt(stranger, stranger, encrypted, cookie)).toBe(code("REFUSED"));
    expect(await finishAt(a, a, doubled, cookie)).toBe(code("REFUSED"));
    expect(await finishAt(a, a, encrypted, cookie)).toBe(accepted);
    expect(await finishAt(a, a, encrypted, undefined)).toBe(code("REQUEST_USED"));
  });

  test.each([true, false])(
    "anybody can encrypt for us: a forged assertion in a genuine envelope is refused (Response signed: %s)",
    async (isMessageSigned) => {
      const pair = await otherPair;
      const a = make(idp, memoryState(), { decryptionKey: pair.private });
      const { requestId, cookie } = await beginAt(a);
      const xml = decode(await idp.answer({ requestId, isMessageSigned }));
      const unsigned = xml.replace(/(<saml:Assertion[\s\S]*?)<ds:Signature[\s\S]*?<\/ds:Signature>/, "$1");
      for (const forged of [xml.replace("ada@", "eve@"), unsigned.replace("ada@", "eve@")]) {
        expect(forged).toContain("eve@");
        expect(await finishAt(a, a, await encryptFor(pair.cert, forged), cookie)).toBe(code("REFUSED"));
      }
      expect(await finishAt(a, a, await encryptFor(pair.cert, xml), cookie)).toBe(accepted);
    },
  );
});

const otherPair = generate([{ name: "commonName", value: "other" }], { keySize: 2048, algorithm: "sha256" });

const service = { Binding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", Location: "http://any.test/" };

function encryptFor(encryptCert: string, xml: string): Promise<string> {
  const source = samlify.IdentityProvider({
    entityID: "urn:idp",
    isAssertionEncrypted: true,
    singleSignOnService: [service],
    singleLogoutService: [service],
  });
  const target = samlify.ServiceProvider({
    entityID: "urn:sp",
    encryptCert,
    assertionConsumerService: [service],
  });
  return samlify.SamlLib.encryptAssertion(source, target, xml);
}
