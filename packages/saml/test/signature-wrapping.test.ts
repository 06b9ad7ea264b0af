import { memoryState } from "@unstick/session";
import { beforeAll, describe, expect, test } from "vitest";
import { protect } from "../src/index.ts";
import { readAnswer } from "../src/message/answer.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import {
  beginAt,
  finishAt,
  type MakeInstance,
  saml2Instance,
  samlifyInstance,
  samlifyLibraryOf,
} from "./stateless-libraries.ts";

/**
 * A genuine assertion for eve, in a message whose first assertion says ada: the eight forms of Somorovsky et al.,
 * "On Breaking SAML: Be Whoever You Want to Be" (USENIX Security 2012), and three more.
 */
const ada = "ada@example.org";
/** Eve chose a name that says ada up to a comment (CVE-2017-11429), which no signature covers. */
const eve = "ada@example.org.evil.test";

let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

type Wrap = (parts: Parts) => string;

interface Parts {
  /** The message as it was signed. */
  readonly xml: string;
  readonly response: string;
  /** The signed assertion as it is, and without its signature. */
  readonly assertion: string;
  readonly bare: string;
  readonly signature: string;
  /** An assertion of the attacker's. */
  readonly forged: string;
}

function partsOf(xml: string): Parts {
  const [assertion = ""] = /<saml:Assertion[\s\S]*<\/saml:Assertion>/.exec(xml) ?? [];
  const [signature = ""] = /<ds:Signature[\s\S]*?<\/ds:Signature>/.exec(assertion) ?? [];
  const bare = assertion.replace(signature, "");
  const forged = bare.replace(eve, ada).replace(/ ID="_/, ' ID="_f');
  return { xml, response: xml, assertion, bare, signature, forged };
}

const inside = (outer: string, tag: string, inner: string): string =>
  outer.replace(`</${tag}>`, `${inner}</${tag}>`);

/** With only the assertion signed. */
const aroundAssertion: Readonly<Record<string, Wrap>> = {
  XSW3: ({ xml, assertion, forged }) => xml.replace(assertion, forged + assertion),
  "XSW3, after": ({ xml, assertion, forged }) => xml.replace(assertion, assertion + forged),
  XSW4: ({ xml, assertion, forged }) => xml.replace(assertion, inside(forged, "saml:Assertion", assertion)),
  XSW5: ({ xml, assertion, bare, signature, forged }) =>
    xml.replace(
      assertion,
      inside(forged, "saml:Issuer", "").replace("</saml:Issuer>", `</saml:Issuer>${signature}`) + bare,
    ),
  XSW6: ({ xml, assertion, bare, signature, forged }) =>
    xml.replace(
      assertion,
      forged.replace("</saml:Issuer>", `</saml:Issuer>${inside(signature, "ds:Signature", bare)}`),
    ),
  XSW7: ({ xml, assertion, forged }) =>
    xml.replace(assertion, `<samlp:Extensions>${assertion}</samlp:Extensions>${forged}`),
  XSW8: ({ xml, assertion, bare, signature, forged }) => {
    const object = `<ds:Object>${bare}</ds:Object>`;
    const holding = inside(signature, "ds:Signature", object);
    return xml.replace(assertion, forged.replace("</saml:Issuer>", `</saml:Issuer>${holding}`));
  },
  "in SubjectConfirmationData": ({ xml, assertion, forged }) =>
    xml.replace(
      assertion,
      forged.replace(
        /(<saml:SubjectConfirmationData[^>]*)\/>/,
        `$1>${assertion}</saml:SubjectConfirmationData>`,
      ),
    ),
  "a comment in the name": ({ xml }) => xml.replace(eve, `${ada}<!---->.evil.test`),
};

/** With the Response signed. */
const aroundResponse: Readonly<Record<string, Wrap>> = {
  XSW1: ({ xml, forged, assertion }) =>
    forgedResponse(xml, assertion, forged, (signature) =>
      inside(signature, "ds:Signature", withoutSignature(xml)),
    ),
  XSW2: ({ xml, forged, assertion }) =>
    forgedResponse(xml, assertion, forged, (signature) => withoutSignature(xml) + signature),
};

const responseSignature = /<ds:Signature(?:(?!<ds:Signature)[\s\S])*?<\/ds:Signature>(?=<samlp:Status>)/;

function withoutSignature(xml: string): string {
  return xml.replace(responseSignature, "");
}

function forgedResponse(
  xml: string,
  assertion: string,
  forged: string,
  place: (signature: string) => string,
): string {
  const [signature = ""] = responseSignature.exec(xml) ?? [];
  expect(signature).not.toBe("");
  const outer = xml.replace(assertion, forged).replace(/ ID="_/, ' ID="_g');
  return outer.replace(signature, place(signature));
}

const forms = [
  ...Object.entries(aroundAssertion).map(([name, wrap]) => [name, wrap, false] as const),
  ...Object.entries(aroundResponse).map(([name, wrap]) => [name, wrap, true] as const),
];

const libraries: readonly (readonly [name: string, make: MakeInstance])[] = [
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
];

describe.each(forms)("%s", (_name, wrap, isMessageSigned) => {
  test.each(libraries)(
    "under %s: nobody is signed in as ada, and the genuine one stays good",
    async (_library, make) => {
      const a = make(idp, memoryState());
      const { requestId, cookie } = await beginAt(a);
      const genuine = await idp.answer({ requestId, nameId: eve, isMessageSigned });
      const xml = Buffer.from(genuine, "base64").toString();
      const wrapped = wrap(partsOf(xml));
      expect(wrapped).not.toBe(xml);
      expect(wrapped).toMatch(/>ada@example\.org</);
      const end = await finishAt(a, a, Buffer.from(wrapped).toString("base64"), cookie);
      expect(end).toMatch(/^ERR_UNSTICK_SAML_(?:REFUSED|MALFORMED)$|^accepted .*evil\.test$/);
      expect(await finishAt(a, a, genuine, cookie)).toMatch(
        end.startsWith("accepted") ? /^again/ : /^accepted .*evil\.test$/,
      );
    },
  );

  test("by what was signed alone, without a library in front", async () => {
    const { trust } = samlifyLibraryOf(idp);
    const genuine = await idp.answer({ requestId: "_1", nameId: eve, isMessageSigned });
    const xml = Buffer.from(genuine, "base64").toString();
    expect((await readAnswer(xml, trust)).login.nameId.value).toBe(eve);
    const name = readAnswer(wrap(partsOf(xml)), trust).then(({ login }) => login.nameId.value);
    expect(await name.catch((error: { code: string }) => error.code)).toMatch(/REFUSED|MALFORMED|evil/);
  });

  test("under node-saml", async () => {
    const settings = { wantAuthnResponseSigned: isMessageSigned };
    const read = async (SAMLResponse: string): Promise<unknown> => {
      const state = memoryState();
      const saml = protect(createSaml(idp.certificate, undefined, settings), {
        state,
        unsolicited: "accept",
      });
      return (await saml.validatePostResponseAsync({ SAMLResponse })).profile?.nameID;
    };
    const genuine = await idp.answer({ requestId: "", nameId: eve, isMessageSigned });
    const xml = wrap(partsOf(Buffer.from(genuine, "base64").toString()));
    const name = read(Buffer.from(xml).toString("base64"));
    expect(await name.catch((error: { code: string }) => error.code)).toMatch(/REFUSED|MALFORMED|evil/);
    expect(await read(genuine)).toBe(eve);
  });
});
