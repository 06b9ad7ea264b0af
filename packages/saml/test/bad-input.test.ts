import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { deflateRawSync } from "node:zlib";
import type { SharedState } from "@unstick/session";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Doors, doorsOfLibrary, doorsOfProtect, doorsOfRoutes } from "./doors.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { envelope } from "./soap.ts";
import { saml2Instance, samlifyInstance } from "./stateless-libraries.ts";

/**
 * What is malformed, unsigned, expired, oversized or foreign, at every door of every way to use the package: a typed
 * error that the application can show, one event without identifiers, and state as it was, value by value.
 */
const subjects: readonly (readonly [name: string, open: () => Promise<Doors>])[] = [
  ["protect()", doorsOfProtect],
  ["the routes on Express", () => doorsOfRoutes("express")],
  ["the routes on Koa", () => doorsOfRoutes("koa")],
  ["samlify", () => doorsOfLibrary(samlifyInstance)],
  ["saml2-js", () => doorsOfLibrary(saml2Instance)],
];

const events = ["begun", "accepted", "refused", "request-used", "logged-out", "damaged"];
const decode = (field: string): string => Buffer.from(field, "base64").toString();
const encode = (xml: string): string => Buffer.from(xml).toString("base64");
const unsign = (xml: string): string => xml.replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "");
const expire = (xml: string): string =>
  xml.replace(/ NotOnOrAfter="[^"]*"/, ' NotOnOrAfter="2020-01-01T00:00:00Z"');

describe.each(subjects)("%s", (_name, open) => {
  let doors: Doors;
  let foreign: RealIdp;
  let told: [event: string, message: unknown][] = [];
  const listeners = events.map((event) => {
    const listen = (message: unknown): void => void told.push([event, message]);
    return [`unstick.saml.${event}`, listen] as const;
  });
  beforeAll(async () => {
    doors = await open();
    foreign = await startRealIdp();
  });
  afterAll(() => doors.close());
  beforeEach(() => {
    for (const [channel, listen] of listeners) subscribe(channel, listen);
  });
  afterEach(() => {
    for (const [channel, listen] of listeners) unsubscribe(channel, listen);
  });

  async function refuses(kind: string, step: () => Promise<string>, codes: RegExp): Promise<void> {
    told = [];
    const before = await everything(doors.state);
    const code = await step();
    expect([kind, code]).toEqual([kind, expect.stringMatching(codes)]);
    expect(told).toEqual([["refused", { scope: "default", code }]]);
    expect(await everything(doors.state)).toEqual(before);
    expect(await doors.isSignedIn()).toBe(true);
  }

  const malformed = /^ERR_UNSTICK_SAML_MALFORMED$/;
  const refused = /^ERR_UNSTICK_SAML_REFUSED$/;
  const either = /^ERR_UNSTICK_SAML_(?:MALFORMED|REFUSED)$/;

  test("answers by POST", async () => {
    const { requestId, idp } = doors;
    const genuine = await idp.answer({ requestId });
    const bad: readonly (readonly [kind: string, field: string, codes: RegExp])[] = [
      ["malformed: no base64", "%%%", malformed],
      ["malformed: no XML", encode("no XML"), either],
      ["malformed: another message", encode("<a/>"), either],
      ["malformed: cut off", encode(decode(genuine).slice(0, -200)), either],
      ["malformed: a document type", encode(`<!DOCTYPE a>${decode(genuine)}`), malformed],
      ["unsigned", encode(unsign(decode(genuine))), refused],
      ["altered", encode(decode(genuine).replace("ada@", "eve@")), refused],
      ["expired", await idp.answer({ requestId, lifetimeMs: -60_000 }), refused],
      ["oversized", "A".repeat(400_000), malformed],
      ["oversized: too many tags", encode("<a>".repeat(5_000)), malformed],
      ["oversized: too many tags, side by side", encode(`<a>${"<b/>".repeat(40_000)}</a>`), malformed],
      ["foreign", await foreign.answer({ requestId }), refused],
    ];
    for (const [kind, field, codes] of bad) await refuses(kind, () => doors.acs(field), codes);
    expect(await doors.acs(genuine)).toBe("taken");
  });

  test("logouts by POST", async () => {
    const { idp } = doors;
    const genuine = idp.logoutRequest({});
    const answer = idp.logoutResponse("_any");
    const bad: readonly (readonly [kind: string, form: object, codes: RegExp])[] = [
      ["malformed: no base64", { SAMLRequest: "%%%" }, malformed],
      ["malformed: no XML", { SAMLRequest: encode("no XML") }, either],
      ["malformed: another message", { SAMLRequest: encode("<a/>") }, either],
      ["malformed: a document type", { SAMLRequest: encode(`<!DOCTYPE a>${decode(genuine)}`) }, malformed],
      ["unsigned", { SAMLRequest: encode(unsign(decode(genuine))) }, refused],
      ["altered", { SAMLRequest: encode(decode(genuine).replace("ada@", "eve@")) }, refused],
      ["expired", { SAMLRequest: idp.logoutRequest({ edit: expire }) }, refused],
      ["oversized", { SAMLRequest: "A".repeat(400_000) }, malformed],
      ["foreign", { SAMLRequest: foreign.logoutRequest({}) }, refused],
      ["answer: malformed", { SAMLResponse: encode("<a/>") }, either],
      ["answer: unsigned", { SAMLResponse: encode(unsign(decode(answer))) }, refused],
      ["answer: foreign", { SAMLResponse: foreign.logoutResponse("_any") }, refused],
      ["answer: nobody asked", { SAMLResponse: answer }, /^ERR_UNSTICK_SAML_REQUEST_UNKNOWN$/],
    ];
    for (const [kind, form, codes] of bad) await refuses(kind, () => doors.post(form), codes);
  });

  test("logouts by Redirect", async () => {
    const { idp } = doors;
    const genuine = idp.logoutRequestQuery({});
    const signature = genuine.slice(genuine.indexOf("&SigAlg="));
    const withXml = (xml: string): string =>
      `SAMLRequest=${encodeURIComponent(deflateRawSync(xml).toString("base64"))}${signature}`;
    const bad: readonly (readonly [kind: string, query: string, codes: RegExp])[] = [
      ["malformed: no base64", `SAMLRequest=%25%25${signature}`, malformed],
      ["malformed: not deflated", `SAMLRequest=${encode("<a/>")}${signature}`, malformed],
      ["malformed: twice", `${genuine}&SAMLRequest=x`, malformed],
      ["malformed: no XML", withXml("no XML"), either],
      ["malformed: a document type", withXml("<!DOCTYPE a><a/>"), malformed],
      ["unsigned", genuine.replace(signature, ""), refused],
      ["altered", withXml("<a/>"), either],
      ["expired", idp.logoutRequestQuery({ edit: expire }), refused],
      ["oversized: a bomb", withXml("A".repeat(400_000)), malformed],
      ["foreign", foreign.logoutRequestQuery({}), refused],
      ["answer: foreign", foreign.logoutResponseQuery("_any"), refused],
      ["answer: nobody asked", idp.logoutResponseQuery("_any"), /^ERR_UNSTICK_SAML_REQUEST_UNKNOWN$/],
    ];
    for (const [kind, query, codes] of bad) await refuses(kind, () => doors.redirect(query), codes);
  });

  test("logouts by SOAP", async () => {
    const { idp, soap } = doors;
    if (soap === undefined) return expect(open).toBe(doorsOfProtect);
    const genuine = decode(idp.logoutRequest({}));
    const bad: readonly (readonly [kind: string, body: string, codes: RegExp])[] = [
      ["malformed: no XML", "no XML", malformed],
      ["malformed: no envelope", genuine, malformed],
      ["malformed: two messages", envelope(genuine + genuine), malformed],
      ["malformed: a document type", `<!DOCTYPE a>${envelope(genuine).replace(/^.*\n/, "")}`, malformed],
      ["unsigned", envelope(unsign(genuine)), refused],
      ["altered", envelope(genuine.replace("ada@", "eve@")), refused],
      ["expired", envelope(decode(idp.logoutRequest({ edit: expire }))), refused],
      ["oversized", "A".repeat(400_000), malformed],
      ["foreign", envelope(decode(foreign.logoutRequest({}))), refused],
    ];
    for (const [kind, body, codes] of bad) await refuses(kind, () => soap(body), codes);
  });

  test("signature wrapping in logouts: a request that is signed for eve does not end ada's session", async () => {
    const { idp, soap, post } = doors;
    for (const [kind, xml] of Object.entries(wrappedLogouts(decode(idp.logoutRequest({ nameId: eve }))))) {
      expect([kind, xml]).toEqual([kind, expect.stringMatching(/>ada@example\.org</)]);
      for (const code of [await post({ SAMLRequest: encode(xml) }), await soap?.(envelope(xml))]) {
        // Without its comment the name is eve's own, and eve may log out.
        const codes = kind === "a comment in the name" ? /^(?:taken|ended|ERR_.*_REFUSED)$/ : either;
        if (code !== undefined) expect([kind, code]).toEqual([kind, expect.stringMatching(codes)]);
        expect(await doors.isSignedIn()).toBe(true);
      }
    }
  });

  test("and the genuine LogoutRequest ends the session all the same", async () => {
    expect(await doors.redirect(doors.idp.logoutRequestQuery({}))).toBe("taken");
    expect(await doors.isSignedIn()).toBe(false);
  });
});

/** Eve chose a name that says ada up to a comment. */
const eve = "ada@example.org.evil.test";

/** `signed`: a LogoutRequest for eve; what is made of it says ada. */
function wrappedLogouts(signed: string): Readonly<Record<string, string>> {
  const [signature = ""] = /<ds:Signature[\s\S]*?<\/ds:Signature>/.exec(signed) ?? [];
  const bare = signed.replace(signature, "");
  const sameId = bare.replace(eve, "ada@example.org");
  const forged = sameId.replace(/ ID="_/, ' ID="_f');
  const afterIssuer = (outer: string, inner: string): string =>
    outer.replace("</saml:Issuer>", `</saml:Issuer>${inner}`);
  const extensions = (inner: string): string => `<samlp:Extensions>${inner}</samlp:Extensions>`;
  return {
    "around the signed one": afterIssuer(forged, extensions(signed)),
    "with its signature": afterIssuer(forged, signature + extensions(bare)),
    "around it in the signature": afterIssuer(
      forged,
      signature.replace("</ds:Signature>", `<ds:Object>${bare}</ds:Object></ds:Signature>`),
    ),
    "of the same ID": afterIssuer(sameId, signature + extensions(bare)),
    "a second name": signed.replace(
      "</saml:NameID>",
      "</saml:NameID><saml:NameID>ada@example.org</saml:NameID>",
    ),
    "a comment in the name": signed.replace(eve, "ada@example.org<!---->.evil.test"),
  };
}

async function everything(state: SharedState): Promise<readonly (readonly [string, string | null])[]> {
  const found: [string, string | null][] = [];
  for await (const key of state.keys("")) found.push([key, await state.get(key)]);
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}
