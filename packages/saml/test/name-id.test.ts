import { memoryBackend, memoryState, sessionKey } from "@unstick/session";
import { expect, test } from "vitest";
import { linkSession, protect } from "../src/index.ts";
import { type NameId, principalKey } from "../src/message/name-id.ts";
import { startRealIdp } from "./real-idp.ts";
import { createSaml, entityId } from "./service-provider.ts";

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
