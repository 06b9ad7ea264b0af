import { inflateRawSync } from "node:zlib";
import { type SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { DeadlineError, memoryState, type SharedState } from "@unstick/session";
import type { IdentityProvider } from "@unstick/testbed/identity-provider";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheProvider } from "../src/index.ts";
import { beginLogin, createSaml, startIdentityProvider } from "./service-provider.ts";
import { type OpenState, stateKinds } from "./states.ts";

let idp: IdentityProvider;
beforeAll(async () => {
  idp = await startIdentityProvider();
});

const ada = { nameId: "ada@example.org" };

/** What an assertion consumer service would do with one POST: the name that was accepted, or the error's text. */
async function present(saml: SAML, SAMLResponse: string): Promise<string> {
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
    return `accepted ${profile?.nameID}`;
  } catch (error) {
    return (error as Error).message;
  }
}

test("without a shared state a login that ends elsewhere fails: InResponseTo is not valid", async () => {
  const [a, b] = [createSaml(idp.certificate), createSaml(idp.certificate)];
  const answer = await idp.answer({ ...ada, requestId: await beginLogin(a, idp) });
  expect(await present(b, answer)).toBe("InResponseTo is not valid");
  expect(await present(a, answer)).toBe("accepted ada@example.org");
});

test("a claim whose reply is lost is refused as what it is, and the same answer again is refused too", async () => {
  const state = memoryState();
  let replies = 0;
  const lossy: SharedState = {
    ...state,
    take: async (...call) => {
      const outcome = await state.take(...call);
      replies += 1;
      if (replies === 1) throw new DeadlineError("redis", "take", 1_000);
      return outcome;
    },
  };
  const a = createSaml(idp.certificate, cacheProvider(lossy));
  const answer = await idp.answer({ ...ada, requestId: await beginLogin(a, idp) });
  expect(await present(a, answer)).toBe("redis backend: take failed: no answer within 1000 ms");
  expect(await present(a, answer)).toBe("InResponseTo is not valid");
});

describe.each(stateKinds)("node-saml on %s", (_name, open) => {
  let opened: OpenState;
  const instance = (state: SharedState, scope?: string): SAML =>
    createSaml(idp.certificate, cacheProvider(state, scope === undefined ? {} : { scope }));

  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  test("a login that began on one instance ends on another, once", async () => {
    const [a, b, c] = [instance(opened.state), instance(opened.state), instance(opened.state)];
    const answer = await idp.answer({ ...ada, requestId: await beginLogin(a, idp) });
    expect(await present(b, answer)).toBe("accepted ada@example.org");
    expect(await present(c, answer)).toBe("InResponseTo is not valid");
    expect(await present(b, answer)).toBe("InResponseTo is not valid");
  });

  test("one answer posted at once to three instances and twice to one is accepted once", async () => {
    for (let round = 0; round < 10; round += 1) {
      const [a, b, c] = [instance(opened.state), instance(opened.state), instance(opened.state)];
      const answer = await idp.answer({ ...ada, requestId: await beginLogin(a, idp) });
      const posts = await Promise.all([a, a, b, c].map((saml) => present(saml, answer)));
      expect(posts.filter((post) => post === "accepted ada@example.org")).toHaveLength(1);
    }
  });

  test("an error keeps its own text: the tidying after it does not replace it", async () => {
    const [a, b] = [instance(opened.state), instance(opened.state)];
    const foreign = createSaml(idp.certificate, cacheProvider(opened.state), { audience: "urn:another:sp" });
    const answerTo = async (edit?: (xml: string) => string): Promise<string> =>
      idp.answer({ ...ada, requestId: await beginLogin(a, idp), ...(edit && { edit }) });
    expect(await present(foreign, await answerTo())).toMatch(/audience/i);
    expect(await present(b, await answerTo((xml) => expire(xml)))).toMatch(/expired|confirmation/i);
    expect(await present(b, tamper(await answerTo()))).toBe("Invalid document signature");
  });

  test("an answer without InResponseTo is refused under always, and touches nothing", async () => {
    const a = instance(opened.state);
    const unsolicited = await idp.answer({ ...ada, requestId: "" });
    expect(await present(a, unsolicited)).toBe("InResponseTo is missing from response");
  });

  test("an answer for one tenant does not complete another tenant's login", async () => {
    const [one, two] = [instance(opened.state, "one"), instance(opened.state, "two")];
    const answer = await idp.answer({ ...ada, requestId: await beginLogin(one, idp) });
    expect(await present(two, answer)).toBe("InResponseTo is not valid");
    expect(await present(one, answer)).toBe("accepted ada@example.org");
  });

  test("the id of a LogoutRequest is known to every instance, under never too", async () => {
    const a = createSaml(idp.certificate, cacheProvider(opened.state), {
      validateInResponseTo: ValidateInResponseTo.never,
      logoutUrl: "http://idp.test/logout",
    });
    const user = { issuer: idp.entityId, nameID: ada.nameId, nameIDFormat: "" };
    const url = new URL(await a.getLogoutUrlAsync(user, "", {}));
    const xml = inflateRawSync(Buffer.from(url.searchParams.get("SAMLRequest") ?? "", "base64")).toString();
    const id = / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
    expect(Date.parse((await cacheProvider(opened.state).getAsync(id)) ?? "")).toBeGreaterThan(0);
  });
});

function expire(xml: string): string {
  return xml.replace(/(SubjectConfirmationData NotOnOrAfter=")[^"]+/, "$12020-01-01T00:00:00.000Z");
}

function tamper(samlResponse: string): string {
  const xml = Buffer.from(samlResponse, "base64").toString("utf8");
  return Buffer.from(xml.replace("ada@", "eve@")).toString("base64");
}
