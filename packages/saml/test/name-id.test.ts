import { createRequire } from "node:module";
import { promisify } from "node:util";
import { memoryBackend, memoryState, sessionKey } from "@unstick/session";
import { emailAddress } from "@unstick/testbed/saml-messages";
import { generate } from "selfsigned";
import { expect, test } from "vitest";
import { linkSession, protect } from "../src/index.ts";
import { type NameId, principalKey } from "../src/message/name-id.ts";
import { startRealIdp } from "./real-idp.ts";
import { createSaml, entityId } from "./service-provider.ts";
import { posted, samlifyInstance } from "./stateless-libraries.ts";

const unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
const key = (name: NameId, issuer = "urn:idp", scope = "default"): string =>
  principalKey(scope, issuer, name, entityId);

test("a principal is all parts of a name, its issuer and its scope; a part that is left out has its meaning", () => {
  const ada: NameId = { value: "ada", format: "urn:f", nameQualifier: "urn:q", spNameQualifier: "urn:s" };
  const others = [
    key(ada),
    key({ ...ada, value: "ad", format: "aurn:f" }),
    key({ ...ada, format: "urn:g" }),
    key({ ...ada, nameQualifier: "urn:r" }),
    key({ ...ada, spNameQualifier: "urn:t" }),
    key({ ...ada, nameQualifier: "urn:s", spNameQualifier: "urn:q" }),
    key(ada, "urn:another"),
    key(ada, "urn:idp", "tenant"),
    key({ value: "ada" }),
  ];
  expect(new Set(others).size).toBe(others.length);
  const whole: NameId = {
    value: "ada",
    format: unspecified,
    nameQualifier: "urn:idp",
    spNameQualifier: entityId,
  };
  expect(key(whole)).toBe(key({ value: "ada" }));
});

type Encrypt = (xml: string, options: object) => Promise<string>;

/** As node-saml opens it. */
async function encryptedId(
  name: string,
  { cert, public: publicKey }: { cert: string; public: string },
): Promise<string> {
  const nodeSaml = createRequire(import.meta.url).resolve("@node-saml/node-saml");
  const { encrypt } = createRequire(nodeSaml)("xml-encryption") as { readonly encrypt: never };
  const options = {
    pem: cert,
    rsa_pub: publicKey,
    encryptionAlgorithm: "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    keyEncryptionAlgorithm: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
  };
  return `<saml:EncryptedID>${await (promisify(encrypt) as Encrypt)(name, options)}</saml:EncryptedID>`;
}

test("a LogoutRequest whose name is encrypted ends the session under node-saml; samlify's begin() and finish() refuse it", async () => {
  const idp = await startRealIdp();
  const pair = await generate([{ name: "commonName", value: "sp" }], { keySize: 2048, algorithm: "sha256" });
  const [state, sessions] = [memoryState(), memoryBackend()];
  const settings = { decryptionPvk: pair.private };
  const saml = protect(createSaml(idp.certificate, undefined, settings), { state, sessions });
  const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: await idp.answer({ requestId }) });
  await sessions.create(sessionKey("ada's"), new Map(), { idleMs: 60_000 });
  await linkSession(profile ?? {}, "ada's");
  const name = `<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="${emailAddress}">ada@example.org</saml:NameID>`;
  const hidden = await encryptedId(name, pair);
  const edit = (xml: string): string => xml.replace(/<saml:NameID[\s\S]*<\/saml:NameID>/, () => hidden);
  const SAMLRequest = idp.logoutRequest({ edit });
  expect(Buffer.from(SAMLRequest, "base64").toString()).not.toContain("ada@");
  const { logins } = samlifyInstance(idp, memoryState(), { decryptionKey: pair.private });
  await expect(logins.logout(posted({ SAMLRequest }))).rejects.toMatchObject({
    code: "ERR_UNSTICK_SAML_REFUSED",
  });
  await saml.validatePostRequestAsync({ SAMLRequest });
  expect(await sessions.read(sessionKey("ada's"))).toBeNull();
});

test("a LogoutRequest for the same words in another format or with another qualifier ends nothing", async () => {
  const idp = await startRealIdp();
  const [state, sessions] = [memoryState(), memoryBackend()];
  const saml = protect(createSaml(idp.certificate), { state, sessions });
  const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: await idp.answer({ requestId }) });
  await sessions.create(sessionKey("ada's"), new Map(), { idleMs: 60_000 });
  await linkSession(profile ?? {}, "ada's");
  const logOut = async (edit: (xml: string) => string): Promise<boolean> => {
    await saml.validatePostRequestAsync({ SAMLRequest: idp.logoutRequest({ edit }) });
    return (await sessions.read(sessionKey("ada's"))) === null;
  };
  expect(await logOut((xml) => xml.replace(/ Format="[^"]*"/, ` Format="${unspecified}"`))).toBe(false);
  expect(await logOut((xml) => xml.replace(/ Format="/, ' NameQualifier="urn:q" Format="'))).toBe(false);
  expect(await logOut((xml) => xml.replace(/ Format="/, ' SPNameQualifier="urn:s" Format="'))).toBe(false);
  const spelled = ` NameQualifier="${idp.entityId}" SPNameQualifier="${entityId}" Format="`;
  expect(await logOut((xml) => xml.replace(/ Format="/, spelled))).toBe(true);
});
