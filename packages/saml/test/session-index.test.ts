import { memoryBackend, memoryState, type PrincipalEntry, sessionKey } from "@unstick/session";
import { type BrowserClient, createBrowserClient } from "@unstick/testbed";
import { emailAddress } from "@unstick/testbed/saml-messages";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openGate } from "../src/gate.ts";
import type { SamlLogin } from "../src/index.ts";
import { principalKey } from "../src/message/name-id.ts";
import { type Fleet, signIn, startFleet } from "./fleet.ts";
import { callbackUrl, entityId } from "./service-provider.ts";

/** The index that logouts read, over the life of a session. */
describe.each(["express", "koa"] as const)("the index of sessions on %s", (framework) => {
  let fleet: Fleet;
  let people = 0;
  let nameId = "";
  beforeAll(async () => {
    fleet = await startFleet(framework, { sessionLifetimeMs: 2_000 });
  });
  afterAll(() => fleet.close());
  beforeEach(() => {
    people += 1;
    nameId = `person-${people}@example.org`;
  });

  const knows = async (browser: BrowserClient): Promise<boolean> =>
    (await browser.get(fleet.url)).body === nameId;
  const logOut = async (): Promise<void> => {
    const form = { SAMLRequest: fleet.idp.logoutRequest({ nameId }) };
    expect((await createBrowserClient().post(`${fleet.url}/logout`, { form })).status).toBe(302);
  };
  const entries = async (): Promise<readonly PrincipalEntry[]> => {
    const name = { value: nameId, format: emailAddress };
    return fleet.shared.sessions.principalSessions(
      principalKey("default", fleet.idp.entityId, name, entityId),
    );
  };

  test("a session that is used is found by a logout, however long it lives", async () => {
    const browser = await signIn(fleet, { nameId });
    const until = Date.now() + 3_000;
    await expect
      .poll(async () => (await knows(browser)) && Date.now() > until, { timeout: 10_000 })
      .toBe(true);
    await logOut();
    expect(await knows(browser)).toBe(false);
  });

  test("a session whose id the application replaced later is found by a logout, under its new id alone", async () => {
    const browser = await signIn(fleet, { nameId });
    const before = await entries();
    await browser.get(`${fleet.url}/act/renew`);
    expect(await knows(browser)).toBe(true);
    expect(await entries()).toHaveLength(1);
    expect((await entries())[0]?.key).not.toBe(before[0]?.key);
    await logOut();
    expect(await knows(browser)).toBe(false);
  });
});

test("a session that ended by itself leaves the index at its person's next login; one that is being made stays", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const sessions = memoryBackend();
  const party = { entityId, callbackUrl, asks: "urn:idp", clockSkewMs: 0 };
  const index = openGate(party, { state: memoryState(), sessions }).sessions;
  const login: SamlLogin = {
    issuer: "urn:idp",
    assertionId: "_1",
    inResponseTo: null,
    nameId: { value: "ada" },
    sessionIndex: "_s",
    issuedAtMs: Date.now(),
    expiresAtMs: Date.now() + 60_000,
    sessionEndsAtMs: null,
    attributes: {},
  };
  const known = async (): Promise<readonly string[]> => {
    const entries = await sessions.principalSessions(
      principalKey("default", "urn:idp", { value: "ada" }, entityId),
    );
    return entries.map(
      ({ key }) => ["alive", "over", "being made", "new"].find((id) => sessionKey(id) === key) ?? "",
    );
  };
  await sessions.create(sessionKey("alive"), new Map(), { idleMs: 86_400_000 });
  await index.link(login, "alive");
  await index.link(login, "over");
  vi.setSystemTime(Date.now() + 600_000);
  await index.link(login, "being made");
  await index.link(login, "new");
  expect(await known()).toEqual(["alive", "being made", "new"]);
  vi.useRealTimers();
});
