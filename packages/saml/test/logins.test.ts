import { memoryBackend, memoryState, type SharedState, sessionKey } from "@unstick/session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SamlVersionError, saml2Logins, samlifyLogins } from "../src/index.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { callbackUrl } from "./service-provider.ts";
import {
  beginAt,
  finishAt,
  type Instance,
  type MakeInstance,
  posted,
  saml2Instance,
  samlifyInstance,
} from "./stateless-libraries.ts";
import { type OpenState, stateKinds } from "./states.ts";

/** begin() and finish() on libraries that keep no state: what protect() holds for node-saml holds for them. */
let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

const accepted = "accepted ada@example.org";
const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;
const decode = (field: string): string => Buffer.from(field, "base64").toString();
const encode = (xml: string): string => Buffer.from(xml).toString("base64");
const omitScd = (xml: string): string =>
  xml.replace(/(<saml:SubjectConfirmationData[^>]*) InResponseTo="[^"]*"/, "$1");
const strip = (field: string): string =>
  encode(decode(field).replace(/(<samlp:Response[^>]*) InResponseTo="[^"]*"/, "$1"));

const libraries: readonly (readonly [name: string, make: MakeInstance])[] = [
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
];
const kinds = libraries.flatMap(([library, make]) =>
  stateKinds.map(([state, open]) => [library, state, make, open] as const),
);

describe.each(kinds)("%s on %s", (_library, _kind, make, open) => {
  let opened: OpenState;
  let a: Instance;
  let b: Instance;
  beforeAll(async () => {
    opened = await open();
    [a, b] = [make(idp, opened.state), make(idp, opened.state)];
  });
  afterAll(() => opened.close());

  test("two: a login begun on one instance ends on another, once; then used is told from unknown", async () => {
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId });
    expect(await finishAt(b, a, answer, cookie)).toBe(accepted);
    // The same browser within the grace is sent where its login led; any other is refused.
    expect(await finishAt(b, b, answer, cookie)).toBe("again /");
    expect(await finishAt(a, b, answer, undefined)).toBe(code("REQUEST_USED"));
    const stranger = await idp.answer({ requestId: "_nobody-asked" });
    expect(await finishAt(a, b, stranger, cookie)).toBe(code("REQUEST_UNKNOWN"));
  });

  test("race, raceTake: of 8 presentations at once one is accepted", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { requestId, cookie } = await beginAt(a);
      const answer = await idp.answer({ requestId });
      const ends = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          finishAt([a, b][at % 2]!, [b, a][at % 3 ? 0 : 1]!, answer, cookie),
        ),
      );
      expect(ends.filter((end) => end === accepted)).toHaveLength(1);
      expect(new Set(ends)).toEqual(new Set([accepted, "again /"]));
    }
  });

  test("replayNever: another answer to the same request, and the same assertion in another envelope, are refused", async () => {
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId, isMessageSigned: false });
    const other = await idp.answer({ requestId });
    expect(await finishAt(a, b, answer, cookie)).toBe(accepted);
    expect(await finishAt(b, a, other, cookie)).toBe(code("REQUEST_USED"));
    const wrapped = encode(decode(answer).replace(/(<samlp:Response[^>]* ID=")_/, "$1_x"));
    expect(wrapped).not.toBe(answer);
    expect(await finishAt(b, a, wrapped, undefined)).toBe(code("REQUEST_USED"));
  });

  test("replayIfPresentUnsol: unsolicited is off by default, and where it is on good for once", async () => {
    const answer = await idp.answer({ requestId: "" });
    expect(await finishAt(a, b, answer, undefined)).toBe(code("UNSOLICITED"));
    const welcoming = make(idp, opened.state, { unsolicited: "accept" });
    const ends = await Promise.all([1, 2, 3].map(() => finishAt(welcoming, welcoming, answer, undefined)));
    expect(ends.filter((end) => end === accepted)).toHaveLength(1);
    expect(await finishAt(welcoming, welcoming, answer, undefined)).toBe(code("REQUEST_USED"));
  });

  test("stripped, omitScd: InResponseTo must stand in the signed part and agree with the Response's", async () => {
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId, isMessageSigned: false });
    expect(await finishAt(a, b, strip(answer), cookie)).toBe(code("MISADDRESSED"));
    const omitted = await idp.answer({ requestId, edit: omitScd });
    expect(await finishAt(a, b, omitted, cookie)).toBe(code("MISADDRESSED"));
    expect(await finishAt(a, b, answer, cookie)).toBe(accepted);
  });

  test("burn: forged and unsigned answers to a live request leave the genuine one good", async () => {
    const { requestId, cookie } = await beginAt(a);
    const genuine = await idp.answer({ requestId });
    const xml = decode(genuine);
    const unsigned = xml.replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "");
    expect(unsigned).not.toBe(xml);
    for (const forged of [unsigned, xml.replace("ada@", "eve@"), `<Response InResponseTo="${requestId}"/>`]) {
      expect(await finishAt(b, a, encode(forged), cookie)).toBe(code("REFUSED"));
    }
    expect(await finishAt(b, a, genuine, cookie)).toBe(accepted);
  });

  test("an assertion that arrives after its logout is refused; one for another SessionIndex is not", async () => {
    const nameId = "late@example.org";
    const { requestId, cookie } = await beginAt(a);
    const early = await idp.answer({ requestId, nameId, sessionIndex: "_s1" });
    const SAMLRequest = idp.logoutRequest({ nameId, sessionIndexes: ["_s0", "_s1"] });
    await b.logins.logout(posted({ SAMLRequest }));
    expect(await finishAt(a, b, early, cookie)).toBe(code("LOGGED_OUT"));
    const next = await beginAt(a);
    const later = await idp.answer({ requestId: next.requestId, nameId, sessionIndex: "_s2" });
    expect(await finishAt(a, b, later, next.cookie)).toBe(`accepted ${nameId}`);
  });
});

describe.each(libraries)("%s", (_library, make) => {
  let state: SharedState;
  let a: Instance;
  beforeAll(() => {
    state = memoryState();
    a = make(idp, state);
  });

  test("csrf: an answer that another browser brings is refused, and stays good for its own", async () => {
    const [victim, attacker] = [await beginAt(a), await beginAt(a)];
    const answer = await idp.answer({ requestId: attacker.requestId });
    expect(await finishAt(a, a, answer, victim.cookie)).toBe(code("OTHER_BROWSER"));
    expect(await finishAt(a, a, answer, undefined)).toBe(code("OTHER_BROWSER"));
    expect(await finishAt(a, a, answer, attacker.cookie)).toBe(accepted);
  });

  test("the target is kept here, and only a safe one is", async () => {
    for (const [target, location] of [
      ["/deep?x=1", "http://sp.test/deep?x=1"],
      ["https://evil.test/", "/"],
    ]) {
      const { requestId, cookie } = await beginAt(a, target);
      const form = { SAMLResponse: await idp.answer({ requestId }), RelayState: "https://evil.test/" };
      const posted = await a.logins.finish({ method: "POST", url: "/acs", cookie, form });
      const { search } = new URL(posted.location);
      const end = await a.logins.finish({ method: "GET", url: `/acs${search}`, cookie });
      expect([end.kind, end.location]).toEqual(["accepted", location]);
    }
  });

  test("a session is ended by a LogoutRequest on another instance; one that nobody signed ends nothing", async () => {
    const sessions = memoryBackend();
    const [one, two] = [make(idp, state, { sessions }), make(idp, state, { sessions })];
    const nameId = "cyd@example.org";
    const { requestId, cookie } = await beginAt(one);
    const form = { SAMLResponse: await idp.answer({ requestId, nameId }) };
    const { location } = await one.logins.finish({ method: "POST", url: "/acs", cookie, form });
    const end = await two.logins.finish({ method: "GET", url: location, cookie });
    if (end.kind !== "accepted") throw new Error(end.kind);
    const key = sessionKey("a session's id");
    await sessions.create(key, new Map(), { idleMs: 60_000 });
    await one.logins.link(end.login, "a session's id");
    const genuine = idp.logoutRequest({ nameId });
    const unsigned = decode(genuine).replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "");
    for (const forged of [unsigned, decode(genuine).replace("cyd@", "ada@")]) {
      const refused = two.logins.logout(posted({ SAMLRequest: encode(forged) }));
      await expect(refused).rejects.toMatchObject({ code: code("REFUSED") });
    }
    expect(await sessions.read(key)).not.toBeNull();
    expect(await two.logins.logout(posted({ SAMLRequest: genuine }))).toMatchObject({ sessions: 1 });
    expect(await sessions.read(key)).toBeNull();
  });

  test("Recipient, Destination, audience and issuer that are not ours are refused", async () => {
    const { requestId, cookie } = await beginAt(a);
    const elsewhere = "http://other.test/acs";
    const edits: readonly (readonly [edit: (xml: string) => string, refusal: string])[] = [
      [(xml) => xml.replace(`Recipient="${callbackUrl}"`, `Recipient="${elsewhere}"`), "MISADDRESSED"],
      [(xml) => xml.replace(`Destination="${callbackUrl}"`, `Destination="${elsewhere}"`), "MISADDRESSED"],
      [(xml) => xml.replace(/<saml:Audience>[^<]*/, "<saml:Audience>urn:another"), "REFUSED"],
      [(xml) => xml.replaceAll(/<saml:Issuer>[^<]*/g, "<saml:Issuer>urn:another"), "REFUSED"],
      [(xml) => xml.replace("status:Success", "status:Responder"), "REFUSED"],
    ];
    for (const [edit, refusal] of edits) {
      const answer = await idp.answer({ requestId, edit });
      expect(await finishAt(a, a, answer, cookie)).toBe(code(refusal));
    }
    expect(await finishAt(a, a, await idp.answer({ requestId }), cookie)).toBe(accepted);
  });
});

describe("start-up", () => {
  test("objects of another library, and wrong options, are refused with the reason", () => {
    const state = memoryState();
    expect(() => samlifyLogins({ sp: {} as never, idp: {} as never, state })).toThrow(SamlVersionError);
    const saml2 = saml2Instance(idp, state);
    expect(saml2).toBeDefined();
    expect(() => saml2Instance(idp, state, { clockSkewMs: -1 })).toThrow("option clockSkewMs");
    expect(() => samlifyInstance(idp, state, { ttl: 1 } as never)).toThrow("option ttl");
    expect(() => saml2Instance({ ...idp, entityId: "" }, state)).toThrow("option idpEntityId");
    expect(() => saml2Logins({ sp: {} as never, idp: {}, idpEntityId: "x", state })).toThrow(
      SamlVersionError,
    );
  });
});

test.each(libraries)(
  "%s: what a parser of bodies made of no field, or of two, is malformed",
  async (_library, make) => {
    const a = make(idp, memoryState());
    const { cookie } = await beginAt(a);
    for (const field of [undefined, null, 7, {}, [], ["twice", "twice"]]) {
      expect(await finishAt(a, a, field, cookie)).toBe(code("MALFORMED"));
    }
    const bare = a.logins.finish({ method: "POST", url: "/acs", cookie, form: undefined });
    await expect(bare).rejects.toMatchObject({ code: code("MALFORMED") });
  },
);
