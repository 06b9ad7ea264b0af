import { deflateRawSync, inflateRawSync } from "node:zlib";
import { memoryBackend, memoryState, sessionKey } from "@unstick/session";
import { generate } from "selfsigned";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { envelope, isSignedBy } from "./soap.ts";
import {
  beginAt,
  type Instance,
  posted,
  redirected,
  saml2Instance,
  samlifyInstance,
} from "./stateless-libraries.ts";

/** Logouts on libraries that keep no state: by every binding, without a cookie, on any instance. */
let idp: RealIdp;
let pair: Awaited<ReturnType<typeof generate>>;
beforeAll(async () => {
  idp = await startRealIdp();
  pair = await generate([{ name: "commonName", value: "sp" }], { keySize: 2048, algorithm: "sha256" });
});

const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;
const decode = (field: string): string => Buffer.from(field, "base64").toString();
const deflate = (xml: string): string => encodeURIComponent(deflateRawSync(xml).toString("base64"));

describe.each([
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
] as const)("%s", (library, make) => {
  const sessions = memoryBackend();
  let one: Instance;
  let two: Instance;
  beforeEach(() => {
    const [state, options] = [memoryState(), { sessions, signingKey: pair.private }];
    [one, two] = [make(idp, state, options), make(idp, state, options)];
  });

  /** A login that begins on one instance and ends on the other, and its session. */
  async function signIn(nameId: string, sessionIndex: string): Promise<string> {
    const { requestId, cookie } = await beginAt(one);
    const form = { SAMLResponse: await idp.answer({ requestId, nameId, sessionIndex }) };
    const { location } = await two.logins.finish({ method: "POST", url: "/acs", cookie: undefined, form });
    const end = await one.logins.finish({ method: "GET", url: location, cookie });
    if (end.kind !== "accepted") throw new Error(end.kind);
    const id = `the session of ${nameId} at ${sessionIndex} under ${library}`;
    await sessions.create(sessionKey(id), new Map(), { idleMs: 60_000 });
    await two.logins.link(end.login, id);
    return id;
  }

  const isAlive = async (id: string): Promise<boolean> => (await sessions.read(sessionKey(id))) !== null;
  const refusalOf = (query: string): Promise<string> =>
    one.logins.logout(redirected(query)).then(
      ({ kind }) => kind,
      (error: { readonly code: string }) => error.code,
    );

  const bindings: Readonly<Record<string, (logout: object) => Parameters<Instance["logins"]["logout"]>[0]>> =
    {
      Redirect: (logout) => redirected(idp.logoutRequestQuery(logout)),
      POST: (logout) => posted({ SAMLRequest: idp.logoutRequest(logout), RelayState: "theirs" }),
      "the back channel": (logout) => ({
        method: "POST",
        url: "/logout",
        soap: envelope(decode(idp.logoutRequest(logout))),
      }),
    };

  test.each(Object.entries(bindings))(
    "a LogoutRequest by %s ends every session that it names, and no other",
    async (binding, arrive) => {
      const nameId = `ada-${binding.length}@example.org`;
      const ids = [await signIn(nameId, "_1"), await signIn(nameId, "_2"), await signIn(nameId, "_3")];
      const bystander = await signIn("bob@example.org", "_1");
      const step = await two.logins.logout(arrive({ nameId, id: "_theirs", sessionIndexes: ["_1", "_2"] }));
      expect(await Promise.all([...ids, bystander].map(isAlive))).toEqual([false, false, true, true]);
      if (step.kind === "soap") {
        expect([step.status, step.body]).toEqual([200, expect.stringContaining('InResponseTo="_theirs"')]);
        expect(isSignedBy(step.body, pair.cert)).toBe(true);
      } else {
        const relayState = binding === "POST" ? "theirs" : "";
        expect(step).toEqual({ kind: "ended", requestId: "_theirs", relayState, sessions: 2 });
        const url = new URL(await one.answerLogout(step.kind === "ended" ? step.requestId : "", relayState));
        const field = Buffer.from(url.searchParams.get("SAMLResponse") ?? "", "base64");
        expect(inflateRawSync(field).toString()).toContain('InResponseTo="_theirs"');
      }
    },
  );

  test("by SOAP what is refused is a fault; a LogoutResponse is refused too", async () => {
    const { id } = await one.askLogout("ada@example.org", "_1");
    await one.logins.beginLogout(id);
    for (const xml of [decode(idp.logoutResponse(id)), "<x/>"]) {
      const step = await two.logins.logout({ method: "POST", url: "/logout", soap: envelope(xml) });
      expect(step).toMatchObject({
        kind: "soap",
        status: 500,
        body: expect.stringContaining(code("REFUSED")),
      });
    }
    expect(await two.logins.logout(posted({ SAMLResponse: idp.logoutResponse(id) }))).toEqual({
      kind: "completed",
    });
  });

  test("logout, slo, logoutPost: our own logout completes on another instance, once, by Redirect and by POST", async () => {
    for (const answer of [
      (id: string) => redirected(idp.logoutResponseQuery(id, "ours")),
      (id: string) => posted({ SAMLResponse: idp.logoutResponse(id) }),
    ]) {
      const { id, url } = await one.askLogout("ada@example.org", "_1");
      await one.logins.beginLogout(id);
      expect(await idp.readLogoutRequest(Object.fromEntries(new URL(url).searchParams))).toBe(id);
      expect(await two.logins.logout(answer(id))).toEqual({ kind: "completed" });
      await expect(one.logins.logout(answer(id))).rejects.toMatchObject({ code: code("REQUEST_USED") });
      await expect(one.logins.beginLogout(id)).rejects.toMatchObject({ code: code("REQUEST_USED") });
    }
    const { requestId: login } = await beginAt(one);
    for (const id of ["_nobody-asked", login]) {
      const stray = two.logins.logout(redirected(idp.logoutResponseQuery(id)));
      await expect(stray).rejects.toMatchObject({ code: code("REQUEST_UNKNOWN") });
    }
  });

  test("by Redirect the signature covers the query as it came; what it does not cover ends nothing", async () => {
    const nameId = "cyd@example.org";
    const id = await signIn(nameId, "_1");
    const genuine = idp.logoutRequestQuery({ nameId });
    const part = (name: string): string => genuine.split("&").find((one) => one.startsWith(`${name}=`)) ?? "";
    const [request, algorithm, signature] = [part("SAMLRequest"), part("SigAlg"), part("Signature")];
    expect([request, algorithm, signature]).not.toContain("");
    const other = idp.logoutRequestQuery({ nameId: "ada@example.org" }).split("&")[0] ?? "";
    const foreign = (await startRealIdp()).logoutRequestQuery({ nameId });
    const xml = inflateRawSync(Buffer.from(decodeURIComponent(request.slice(12)), "base64")).toString();
    const refused: readonly (readonly [query: string, refusal: string])[] = [
      [request, "REFUSED"],
      [`${request}&${algorithm}`, "REFUSED"],
      [`${request}&RelayState=x&${algorithm}&${signature}`, "REFUSED"],
      [`${other}&${algorithm}&${signature}`, "REFUSED"],
      [`${request}&${algorithm.replace("sha256", "sha512")}&${signature}`, "REFUSED"],
      [`${request}&${algorithm.replace("rsa-sha256", "rsa-sha1")}&${signature}`, "REFUSED"],
      [`${request}&${algorithm.replace("rsa-sha256", "ecdsa-sha256")}&${signature}`, "REFUSED"],
      [foreign, "REFUSED"],
      [genuine.replace("SAMLRequest=", "SAMLResponse="), "REFUSED"],
      [`${genuine}&${request}`, "MALFORMED"],
      [genuine.replace("SAMLRequest", "SAMLRequest%20"), "MALFORMED"],
      [`SAMLRequest=${deflate(`<!DOCTYPE x>${xml}`)}&${algorithm}&${signature}`, "MALFORMED"],
      [`SAMLRequest=${deflate(xml.replace("cyd@", "ada@"))}&${algorithm}&${signature}`, "REFUSED"],
    ];
    for (const [query, refusal] of refused) {
      expect([query, await refusalOf(query)]).toEqual([query, code(refusal)]);
    }
    expect(await isAlive(id)).toBe(true);
    // Fields of others, and in any order: the octets that are signed are the same.
    expect(await refusalOf(`${signature}&utm=1&${algorithm}&${request}`)).toBe("ended");
    expect(await isAlive(id)).toBe(false);
  });

  test("what comes without a message is malformed", async () => {
    const call = { method: "GET", url: "/logout" };
    await expect(one.logins.logout(call)).rejects.toMatchObject({ code: code("MALFORMED") });
  });
});
