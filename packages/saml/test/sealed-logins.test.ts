import { randomBytes } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { EncryptionOptions } from "@unstick/session";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSamlState, protect, type SamlState } from "../src/index.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import { beginAt, finishAt, posted, samlifyInstance } from "./stateless-libraries.ts";
import { type OpenState, stateKinds } from "./states.ts";

/** Logins on `createSamlState({ backend, encryption })`: as good as on the state itself, and nothing to read in the store. */
let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

const [a, b] = [randomBytes(32), randomBytes(32)];
const person = "grace@example.org";
const accepted = `accepted ${person}`;
const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;

describe.each(stateKinds)("sealed, on %s", (_kind, open) => {
  let opened: OpenState;
  const sealedBy = (encryption: EncryptionOptions): SamlState =>
    createSamlState({ backend: opened.state, encryption });
  const make = (encryption: EncryptionOptions = { keys: { a }, active: "a" }) =>
    samlifyInstance(idp, sealedBy(encryption));
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  test("a login ends elsewhere, once; a logout comes before its assertion; none of it is in the store to be read", async () => {
    const [one, two] = [make(), make()];
    const { requestId, cookie } = await beginAt(one, "/private/path");
    const answer = await idp.answer({ requestId, nameId: person });
    const late = await beginAt(one);
    const early = await idp.answer({ requestId: late.requestId, nameId: person });
    const form = { SAMLResponse: answer };
    // Parked: what waits in the store now holds the whole login.
    await two.logins.finish({ method: "POST", url: "/acs", cookie: undefined, form });
    const stored: (string | null)[] = [];
    for await (const key of opened.state.keys("")) stored.push(key, await opened.state.get(key));
    expect(stored.length).toBeGreaterThanOrEqual(6);
    expect(stored.join(" ")).not.toMatch(new RegExp(`${person}|private|${requestId}|${late.requestId}|urn:`));
    expect(await finishAt(one, two, answer, cookie)).toBe(accepted);
    expect(await finishAt(two, one, answer, undefined)).toBe(code("REQUEST_USED"));
    await one.logins.logout(posted({ SAMLRequest: idp.logoutRequest({ nameId: person }) }));
    expect(await finishAt(two, one, early, late.cookie)).toBe(code("LOGGED_OUT"));
  });

  test("a login that is under way outlives a change of keys; without its key it is not known, and told as damaged", async () => {
    const { requestId, cookie } = await beginAt(make());
    const answer = await idp.answer({ requestId, nameId: "hal@example.org" });
    const told: unknown[] = [];
    const listen = (message: unknown): unknown => told.push(message);
    subscribe("unstick.saml.damaged", listen);
    const stranger = make({ keys: { b }, active: "b" });
    expect(await finishAt(stranger, stranger, answer, cookie)).toMatch(/REQUEST_(?:UNKNOWN|USED)$/);
    unsubscribe("unstick.saml.damaged", listen);
    expect(told).toEqual([{ scope: "default" }]);
    const during = make({ keys: { a, b }, active: "b" });
    expect(await finishAt(during, during, answer, cookie)).toBe("accepted hal@example.org");
  });

  test("under protect() too: one of 8 at once", async () => {
    const saml = () =>
      protect(createSaml(idp.certificate), { state: sealedBy({ keys: { a }, active: "a" }) });
    const url = new URL(await saml().getAuthorizeUrlAsync("", undefined, {}));
    const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
    const SAMLResponse = await idp.answer({ requestId, nameId: person });
    const ends = await Promise.allSettled(
      Array.from({ length: 8 }, () => saml().validatePostResponseAsync({ SAMLResponse })),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
