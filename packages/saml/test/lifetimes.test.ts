import { memoryState, type SharedState } from "@unstick/session";
import { waitUntil } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FLOW_DEFAULTS, PROTECT_DEFAULTS, protect } from "../src/index.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import { beginAt, finishAt, posted, saml2Instance, samlifyInstance } from "./stateless-libraries.ts";
import { type OpenState, stateKinds } from "./states.ts";

/** How long what is remembered is remembered: by the store's clock, and for no shorter than it could be presented. */
let idp: RealIdp;
beforeAll(async () => {
  idp = await startRealIdp();
});

const accepted = "accepted ada@example.org";
const code = (refusal: string): string => `ERR_UNSTICK_SAML_${refusal}`;

test("defaults: 10 minutes for a login, 2 for a ticket, 1 of grace; never node-saml's 8 hours", () => {
  expect(PROTECT_DEFAULTS.requestIdLifetimeMs).toBe(600_000);
  expect([FLOW_DEFAULTS.ticketLifetimeMs, FLOW_DEFAULTS.graceMs]).toEqual([120_000, 60_000]);
});

describe.each(stateKinds)("on %s", (_kind, open) => {
  let opened: OpenState;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  test("a login that took too long is refused, and its request is gone from the store", async () => {
    const a = samlifyInstance(idp, opened.state, { requestIdLifetimeMs: 1_000 });
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId });
    await waitUntil("nothing is stored", async () => (await keysOf(opened.state)).length === 0);
    expect(await finishAt(a, a, answer, cookie)).toBe(code("REQUEST_UNKNOWN"));
  });
});

/** What was asked of a state: how long each thing is to be kept. */
function watched(inner: SharedState): { state: SharedState; kept: [verb: string, ms: number][] } {
  const kept: [string, number][] = [];
  const state: SharedState = {
    ...inner,
    add: (key, value, lifetimeMs) => {
      kept.push([`add ${key.split(":")[1]}`, lifetimeMs]);
      return inner.add(key, value, lifetimeMs);
    },
    put: (key, value, lifetimeMs) => {
      kept.push([`put ${key.split(":")[1]}`, lifetimeMs]);
      return inner.put(key, value, lifetimeMs);
    },
    take: (key, take) => {
      kept.push([`take ${key.split(":")[1]}`, take?.tombstoneMs ?? 0]);
      return inner.take(key, take);
    },
  };
  return { state, kept };
}

test("an assertion, and the mark of its request, are remembered until NotOnOrAfter and the skew of both clocks", async () => {
  const { state, kept } = watched(memoryState());
  const skewed = createSaml(idp.certificate, undefined, { acceptedClockSkewMs: 30_000 });
  const saml = protect(skewed, { state, requestIdLifetimeMs: 60_000 });
  const url = new URL(await saml.getAuthorizeUrlAsync("", undefined, {}));
  const requestId = await idp.readRequest(Object.fromEntries(url.searchParams));
  await saml.validatePostResponseAsync({
    SAMLResponse: await idp.answer({ requestId, lifetimeMs: 900_000 }),
  });
  const lasting = Object.fromEntries(kept);
  expect(lasting["add request"]).toBe(60_000);
  for (const memory of [lasting["add assertion"], lasting["take request"]]) {
    expect(memory).toBeGreaterThan(900_000 + 60_000 - 20_000);
    expect(memory).toBeLessThanOrEqual(900_000 + 60_000);
  }
});

describe.each([
  ["samlify", samlifyInstance],
  ["saml2-js", saml2Instance],
] as const)("under %s", (_library, make) => {
  test("a ticket that nobody came for ends, and the answer can be posted again: nothing was used up", async () => {
    const a = make(idp, memoryState(), { ticketLifetimeMs: 1_000 });
    const { requestId, cookie } = await beginAt(a);
    const form = { SAMLResponse: await idp.answer({ requestId }) };
    const { location } = await a.logins.finish({ method: "POST", url: "/acs", cookie: undefined, form });
    const comeWith = (own: string | undefined) =>
      a.logins
        .finish({ method: "GET", url: location, cookie: own })
        .catch(({ code: refusal }: { readonly code: string }) => refusal);
    expect(await comeWith(undefined)).toBe(code("OTHER_BROWSER"));
    await waitUntil(
      "the ticket has ended",
      async () => (await comeWith(undefined)) === code("REQUEST_UNKNOWN"),
    );
    expect(await comeWith(cookie)).toBe(code("REQUEST_UNKNOWN"));
    expect(await finishAt(a, a, form.SAMLResponse, cookie)).toBe(accepted);
  });

  test("after the grace the same answer from the same browser is refused as used", async () => {
    const a = make(idp, memoryState(), { graceMs: 0 });
    const { requestId, cookie } = await beginAt(a);
    const answer = await idp.answer({ requestId });
    expect(await finishAt(a, a, answer, cookie)).toBe(accepted);
    expect(await finishAt(a, a, answer, cookie)).toBe(code("REQUEST_USED"));
  });

  test("a logout is remembered for an hour, or until the request's own end if that is later", async () => {
    for (const [minutes, leastMs] of [
      [5, 3_600_000],
      [120, 7_190_000],
    ] as const) {
      const { state, kept } = watched(memoryState());
      const until = new Date(Date.now() + minutes * 60_000).toISOString();
      const edit = (xml: string): string => xml.replace(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${until}"`);
      await make(idp, state).logins.logout(posted({ SAMLRequest: idp.logoutRequest({ edit }) }));
      const { "put logged-out": mark, "add logout-request": request } = Object.fromEntries(
        kept.filter(([, ms]) => ms > 0),
      );
      expect(mark).toBeGreaterThanOrEqual(leastMs);
      expect(request).toBe(mark);
    }
  });
});

async function keysOf(state: SharedState): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const key of state.keys("saml:")) found.push(key);
  return found;
}
