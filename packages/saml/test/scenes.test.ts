import { inflateRawSync } from "node:zlib";
import type { SAML } from "@node-saml/node-saml";
import { ValidateInResponseTo } from "@node-saml/node-saml";
import { MultiSamlStrategy, Strategy } from "@node-saml/passport-saml";
import { memoryBackend, memoryState, type SharedState, sessionKey } from "@unstick/session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkSession, loginOf, protect, protectStrategy } from "../src/index.ts";
import type { ProtectOptions } from "../src/protect-options.ts";
import { runStrategy } from "./passport-request.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { callbackUrl, createSaml, entityId } from "./service-provider.ts";
import { type OpenState, stateKinds } from "./states.ts";

/** The scenes that were measured in node-saml 5.1.0 with a naive shared cache, by their names. */
let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

/** Begin a login; the id of its AuthnRequest. */
async function begin(saml: SAML): Promise<string> {
  return idOf(await saml.getAuthorizeUrlAsync("", undefined, {}));
}

function idOf(url: string): string {
  const field = new URL(url).searchParams.get("SAMLRequest") ?? "";
  return / ID="([^"]+)"/.exec(inflateRawSync(Buffer.from(field, "base64")).toString())?.[1] ?? "";
}

async function present(saml: SAML, SAMLResponse: string): Promise<string> {
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
    return `accepted ${profile?.nameID}`;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const accepted = "accepted ada@example.org";
const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;

describe.each(stateKinds)("scenes on %s", (_kind, open) => {
  let opened: OpenState;
  let sp: (options?: Partial<ProtectOptions>, changes?: object) => SAML;
  beforeAll(async () => {
    opened = await open();
    sp = (options = {}, changes = {}) =>
      protect(createSaml(idp.certificate, undefined, changes), { state: opened.state, ...options });
  });
  afterAll(() => opened.close());

  test("two: a login begun on one instance ends on another", async () => {
    const [a, b] = [sp(), sp()];
    expect(await present(b, await idp.answer({ requestId: await begin(a) }))).toBe(accepted);
  });

  test("twoRate: 20 of 20, wherever they end", async () => {
    const instances = [sp(), sp()];
    const ends = [];
    for (let login = 0; login < 20; login += 1) {
      const answer = await idp.answer({ requestId: await begin(instances[login % 2]!) });
      ends.push(await present(instances[login % 3 === 0 ? 0 : 1]!, answer));
    }
    expect(ends).toEqual(Array(20).fill(accepted));
  });

  test("race, raceTake: of 8 presentations at once on 3 instances one is accepted", async () => {
    const instances = [sp(), sp(), sp()];
    for (let round = 0; round < 5; round += 1) {
      const answer = await idp.answer({ requestId: await begin(instances[0]!) });
      const ends = await Promise.all(
        Array.from({ length: 8 }, (_, at) => present(instances[at % 3]!, answer)),
      );
      expect(ends.filter((end) => end === accepted)).toHaveLength(1);
      expect(ends.filter((end) => end === code("REQUEST_USED"))).toHaveLength(7);
    }
  });

  test("getdel: node-saml reads twice, and the login still succeeds and uses up its id", async () => {
    const a = sp();
    const answer = await idp.answer({ requestId: await begin(a) });
    expect(await present(a, answer)).toBe(accepted);
    expect(await present(a, answer)).toBe(code("REQUEST_USED"));
  });

  test("omitScd, omitScdTake: InResponseTo left out of the signed SubjectConfirmationData is refused, each time", async () => {
    const a = sp();
    const requestId = await begin(a);
    const edit = (xml: string) =>
      xml.replace(/(<saml:SubjectConfirmationData[^>]*) InResponseTo="[^"]*"/, "$1");
    const answer = await idp.answer({ requestId, edit });
    for (let time = 0; time < 4; time += 1) expect(await present(a, answer)).toBe(code("MISADDRESSED"));
    expect(await present(a, await idp.answer({ requestId }))).toBe(accepted);
  });

  test("replayNever: whatever node-saml's own setting was, a replay is refused", async () => {
    const a = sp({}, { validateInResponseTo: ValidateInResponseTo.never });
    const answer = await idp.answer({ requestId: await begin(a) });
    expect([await present(a, answer), await present(a, answer), await present(sp(), answer)]).toEqual([
      accepted,
      code("REQUEST_USED"),
      code("REQUEST_USED"),
    ]);
  });

  test("replayIfPresentUnsol: an unsolicited answer is off by default, and where it is on good for once", async () => {
    const answer = await idp.answer({ requestId: "" });
    expect(await present(sp(), answer)).toBe(code("UNSOLICITED"));
    const welcoming = { unsolicited: "accept" } as const;
    const ends = await Promise.all(
      [sp(welcoming), sp(welcoming), sp(welcoming)].map((a) => present(a, answer)),
    );
    expect(ends.sort()).toEqual([code("ASSERTION_USED"), code("ASSERTION_USED"), accepted].sort());
  });

  test("stripped: without Response/@InResponseTo the signed assertion still names its request", async () => {
    const unsignedResponse = { wantAuthnResponseSigned: false };
    const a = sp({ unsolicited: "accept" }, unsignedResponse);
    const requestId = await begin(a);
    const answer = await idp.answer({ requestId, isMessageSigned: false });
    const xml = Buffer.from(answer, "base64").toString();
    const stripped = Buffer.from(xml.replace(/(<samlp:Response[^>]*) InResponseTo="[^"]*"/, "$1")).toString(
      "base64",
    );
    expect(await present(a, stripped)).toBe(code("MISADDRESSED"));
    expect(await present(a, answer)).toBe(accepted);
    expect(await present(a, stripped)).toBe(code("MISADDRESSED"));
  });

  test("burn: an unsigned answer to a live request leaves the genuine one good", async () => {
    const a = sp();
    const requestId = await begin(a);
    const genuine = await idp.answer({ requestId });
    const xml = Buffer.from(genuine, "base64").toString();
    const unsigned = xml.replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "");
    expect(unsigned).not.toBe(xml);
    for (const forged of [
      unsigned,
      xml.replace("ada@", "eve@"),
      `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" InResponseTo="${requestId}"/>`,
    ]) {
      expect(await present(sp(), Buffer.from(forged).toString("base64"))).toBe(code("REFUSED"));
    }
    expect(await present(a, genuine)).toBe(accepted);
  });

  test("logout, slo: our own logout completes on another instance, once", async () => {
    const keys = { logoutUrl: "http://idp.test/logout" };
    const [a, b] = [sp({}, keys), sp({}, keys)];
    const user = { issuer: "urn:unstick:idp", nameID: "ada@example.org", nameIDFormat: "" };
    const id = idOf(await a.getLogoutUrlAsync(user, "", {}));
    const query = idp.logoutResponseQuery(id);
    expect(await b.validateRedirectAsync({}, query)).toEqual({ profile: null, loggedOut: true });
    await expect(a.validateRedirectAsync({}, query)).rejects.toMatchObject({ code: code("REQUEST_USED") });
  });

  test("logoutPost: a LogoutResponse by POST works under always", async () => {
    const [a, b] = [sp({}, { logoutUrl: "http://idp.test/logout" }), sp()];
    const user = { issuer: "urn:unstick:idp", nameID: "ada@example.org", nameIDFormat: "" };
    const SAMLResponse = idp.logoutResponse(idOf(await a.getLogoutUrlAsync(user, "", {})));
    expect(await b.validatePostResponseAsync({ SAMLResponse })).toEqual({ profile: null, loggedOut: true });
    expect(await present(a, SAMLResponse)).toBe(code("REQUEST_USED"));
    expect(await present(a, idp.logoutResponse("_nobody-asked"))).toBe(code("REQUEST_UNKNOWN"));
    const login = idp.logoutResponse(await begin(a));
    expect(await present(a, login)).toBe(code("REQUEST_UNKNOWN"));
  });

  test("multi: MultiSamlStrategy, and no tenant's answer completes another's login", async () => {
    const tenant = (name: string) => ({
      issuer: entityId,
      callbackUrl,
      idpCert: idp.certificate,
      entryPoint: `http://${name}.test/login`,
    });
    const make = () =>
      protectStrategy(
        new MultiSamlStrategy(
          {
            getSamlOptions: (req: { headers: { host: string } }, done: (e: null, o: object) => void) =>
              done(null, tenant(req.headers.host)),
          } as never,
          ((profile: { nameID: string }, done: (e: null, u: object) => void) =>
            done(null, { name: profile.nameID })) as never,
          (() => {}) as never,
        ),
        { state: opened.state },
      );
    const begun = await runStrategy(make(), { host: "one" });
    const SAMLResponse = await idp.answer({ requestId: idOf(begun.redirect ?? "") });
    const ends = [];
    for (const host of ["two", "one", "one"])
      ends.push(await runStrategy(make(), { host, body: { SAMLResponse } }));
    expect(ends.map(({ user, error }) => (user ? "in" : error?.code))).toEqual([
      code("REQUEST_UNKNOWN"),
      "in",
      code("REQUEST_USED"),
    ]);
  });

  test("tx: 30 presentations at once, after a forged one: one is accepted", async () => {
    const strategies = [0, 1, 2].map(() =>
      protectStrategy(
        new Strategy(
          { issuer: entityId, callbackUrl, idpCert: idp.certificate, entryPoint: "http://idp.test/login" },
          ((profile: { nameID: string }, done: (e: null, u: object) => void) =>
            done(null, { name: profile.nameID })) as never,
          (() => {}) as never,
        ),
        { state: opened.state },
      ),
    );
    const { redirect = "" } = await runStrategy(strategies[0]!, {});
    const requestId = idOf(redirect);
    const forged = Buffer.from(`<Response InResponseTo="${requestId}"/>`).toString("base64");
    const SAMLResponse = await idp.answer({ requestId });
    expect((await runStrategy(strategies[1]!, { body: { SAMLResponse: forged } })).error).toBeDefined();
    const ends = await Promise.all(
      Array.from({ length: 30 }, (_, at) => runStrategy(strategies[at % 3]!, { body: { SAMLResponse } })),
    );
    expect(ends.filter(({ user }) => user !== undefined)).toHaveLength(1);
  });
});

/** Sessions of ours, and the identity provider's LogoutRequest that finds them. */
describe("idpSloPost", () => {
  const setUp = () => {
    const [state, sessions] = [memoryState() as SharedState, memoryBackend()];
    return { state, sessions, saml: protect(createSaml(idp.certificate), { state, sessions }) };
  };

  test("a session that was linked under passport is ended by a LogoutRequest on any instance", async () => {
    const { state, sessions, saml } = setUp();
    const SAMLResponse = await idp.answer({ requestId: await begin(saml) });
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
    const key = sessionKey("a session's id");
    await sessions.create(key, new Map(), { idleMs: 60_000 });
    await linkSession(profile ?? {}, "a session's id");
    const elsewhere = protect(createSaml(idp.certificate), { state, sessions });
    await elsewhere.validatePostRequestAsync({ SAMLRequest: idp.logoutRequest({}) });
    expect(await sessions.read(key)).toBeNull();
    expect(loginOf(profile ?? {})?.nameId.value).toBe("ada@example.org");
    await expect(linkSession({}, "another")).rejects.toThrow("option profile");
  });

  test("by POST, without a cookie: a LogoutRequest that nobody signed ends nothing", async () => {
    const { saml } = setUp();
    const xml = Buffer.from(idp.logoutRequest({}), "base64").toString();
    const unsigned = xml.replaceAll(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, "");
    expect(unsigned).not.toBe(xml);
    const SAMLRequest = Buffer.from(unsigned).toString("base64");
    await expect(saml.validatePostRequestAsync({ SAMLRequest })).rejects.toMatchObject({
      code: code("REFUSED"),
    });
    const query = idp.logoutRequestQuery({});
    const bare = query
      .split("&")
      .filter((part) => !part.startsWith("Sig"))
      .join("&");
    await expect(saml.validateRedirectAsync({}, bare)).rejects.toMatchObject({ code: code("REFUSED") });
  });

  test("an assertion that arrives after its logout is refused", async () => {
    const { saml } = setUp();
    const early = await idp.answer({ requestId: await begin(saml), sessionIndex: "_s1" });
    await saml.validatePostRequestAsync({
      SAMLRequest: idp.logoutRequest({ sessionIndexes: ["_s0", "_s1"] }),
    });
    expect(await present(saml, early)).toBe(code("LOGGED_OUT"));
    const later = await idp.answer({ requestId: await begin(saml), sessionIndex: "_s2" });
    expect(await present(saml, later)).toBe(accepted);
  });
});
