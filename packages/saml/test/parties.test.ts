import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { MultiSamlStrategy } from "@node-saml/passport-saml";
import { memoryBackend, memoryState } from "@unstick/session";
import { createBrowserClient } from "@unstick/testbed";
import { describe, expect, test } from "vitest";
import { protect, protectStrategy } from "../src/index.ts";
import { atIdp, requestIdIn, startFleet } from "./fleet.ts";
import { runStrategy } from "./passport-request.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import { beginAt, finishAt, saml2Instance, samlifyInstance } from "./stateless-libraries.ts";

/**
 * Two identity providers of one application that share a state, and nobody gave them scopes: customers log in at one,
 * staff at the other. What one of them says must not become a login at the other's address.
 */
const unknown = "ERR_UNSTICK_SAML_REQUEST_UNKNOWN";
const accepted = "accepted ada@example.org";

async function startTwo(): Promise<[customers: RealIdp, staff: RealIdp]> {
  const customers = await startRealIdp();
  const staff = { ...(await startRealIdp()), entityId: "urn:unstick:staff-idp" };
  return [customers, staff];
}

describe.each([
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
] as const)("%s", (_library, make) => {
  test("a ticket of one identity provider's answer opens nothing at another's address", async () => {
    const state = memoryState();
    const [customers, staff] = await startTwo();
    const [atCustomers, atStaff] = [make(customers, state), make(staff, state)];
    const { requestId, cookie } = await beginAt(atCustomers);
    const answer = await customers.answer({ requestId });
    expect(await finishAt(atCustomers, atStaff, answer, cookie)).toBe(unknown);
    expect(await finishAt(atCustomers, atCustomers, answer, cookie)).toBe(accepted);
  });
});

test("an answer of one identity provider neither completes nor spoils a login begun at another", async () => {
  const state = memoryState();
  const [customers, staff] = await startTwo();
  const settings = (name: string) => ({ entryPoint: `http://${name}.test/login` });
  const atCustomers = protect(createSaml(customers.certificate, undefined, settings("customers")), { state });
  const atStaff = protect(createSaml(staff.certificate, undefined, settings("staff")), { state });
  const url = new URL(await atStaff.getAuthorizeUrlAsync("", undefined, {}));
  const requestId = await staff.readRequest(Object.fromEntries(url.searchParams));
  const foreign = { SAMLResponse: await customers.answer({ requestId }) };
  await expect(atCustomers.validatePostResponseAsync(foreign)).rejects.toMatchObject({ code: unknown });
  const own = { SAMLResponse: await staff.answer({ requestId }) };
  const { profile } = await atStaff.validatePostResponseAsync(own);
  expect(profile?.nameID).toBe("ada@example.org");
  const elsewhere = protect(createSaml(staff.certificate, undefined, settings("staff")), { state });
  await expect(elsewhere.validatePostResponseAsync(own)).rejects.toMatchObject({
    code: "ERR_UNSTICK_SAML_REQUEST_USED",
  });
});

test("csrf: a login that was begun without a browser, past the routes, signs nobody in at the routes", async () => {
  const shared = { state: memoryState(), sessions: memoryBackend() };
  const fleet = await startFleet("express", {}, shared);
  const { idp, url } = fleet;
  const callbackUrl = `${url}/acs`;
  const saml = protect(createSaml(idp.certificate, undefined, { callbackUrl }), shared);
  const asked = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  const form = { SAMLResponse: await idp.answer({ requestId: requestIdIn(asked) }) };
  const victim = createBrowserClient();
  const page = await victim.post(callbackUrl, { ...atIdp, form, follow: true });
  expect([page.status, page.body]).toEqual([403, expect.stringMatching(/another browser/)]);
  expect((await saml.validatePostResponseAsync(form)).profile?.nameID).toBe("ada@example.org");
  await fleet.close();
});

test("tenants of MultiSamlStrategy whose settings begin alike, however long, are scopes of their own", async () => {
  const scopes = new Set<string>();
  const listen = (message: unknown): unknown => scopes.add((message as { readonly scope: string }).scope);
  subscribe("unstick.saml.begun", listen);
  const getSamlOptions = (
    { headers }: { headers: { host: string } },
    done: (e: null, o: object) => void,
  ): void => {
    const entryPoint = `http://idp.test/${"x".repeat(300)}/${headers.host}`;
    done(null, { issuer: "urn:sp", callbackUrl: "http://sp.test/acs", idpCert: "MIIC", entryPoint });
  };
  const verify = (() => {}) as never;
  const strategy = new MultiSamlStrategy({ getSamlOptions } as never, verify, verify);
  protectStrategy(strategy, { state: memoryState() });
  for (const host of ["one", "two", "one"]) await runStrategy(strategy, { host });
  unsubscribe("unstick.saml.begun", listen);
  expect(scopes.size).toBe(2);
});

test("an answer for another address, audience or service provider is refused by protect()", async () => {
  const idp = await startRealIdp();
  const saml = protect(createSaml(idp.certificate), { state: memoryState() });
  const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
  const present = async (edit: (xml: string) => string): Promise<string> => {
    const SAMLResponse = await idp.answer({ requestId, edit });
    return saml.validatePostResponseAsync({ SAMLResponse }).then(
      ({ profile }) => `accepted ${profile?.nameID}`,
      ({ code }: { readonly code: string }) => code,
    );
  };
  const elsewhere = "http://other.test/acs";
  const misaddressed = "ERR_UNSTICK_SAML_MISADDRESSED";
  expect(await present((xml) => xml.replace(/Recipient="[^"]*"/, `Recipient="${elsewhere}"`))).toBe(
    misaddressed,
  );
  expect(await present((xml) => xml.replace(/ Recipient="[^"]*"/, ""))).toBe(misaddressed);
  expect(await present((xml) => xml.replace(/Destination="[^"]*"/, `Destination="${elsewhere}"`))).toBe(
    misaddressed,
  );
  expect(await present((xml) => xml.replace(/ Destination="[^"]*"/, ""))).toBe(misaddressed);
  expect(await present((xml) => xml.replace(/<saml:Audience>[^<]*/, "<saml:Audience>urn:another"))).toBe(
    "ERR_UNSTICK_SAML_REFUSED",
  );
  expect(await present((xml) => xml)).toBe(accepted);
});
