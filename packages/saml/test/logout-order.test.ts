import { memoryBackend, memoryState, type SharedState, sessionKey } from "@unstick/session";
import { waitUntil } from "@unstick/testbed";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { SamlLogins } from "../src/index.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { beginAt, finishAt, type Instance, posted, samlifyInstance } from "./stateless-libraries.ts";

/** LogoutRequests that arrive late, in another order, or again after a long time. */
let idp: RealIdp;
let state: SharedState;
let a: Instance;
const sessions = memoryBackend();
beforeAll(async () => {
  idp = await startRealIdp();
});
beforeEach(() => {
  state = memoryState();
  a = samlifyInstance(idp, state, { sessions });
});

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const issuedAt =
  (instant: string) =>
  (xml: string): string =>
    xml.replace(/IssueInstant="[^"]*"/, `IssueInstant="${instant}"`);
const withoutEnd = (xml: string): string => xml.replace(/ NotOnOrAfter="[^"]*"/, "");

const logOut = (edit: (xml: string) => string): ReturnType<SamlLogins["logout"]> =>
  a.logins.logout(posted({ SAMLRequest: idp.logoutRequest({ edit }) }));

test("of two LogoutRequests the newer counts, in whatever order they arrive", async () => {
  const { requestId, cookie } = await beginAt(a);
  const between = await idp.answer({
    requestId,
    edit: (xml) => xml.replace(/(<saml:Assertion[^>]*IssueInstant=")[^"]*/, `$1${minutesAgo(2)}`),
  });
  await logOut(issuedAt(minutesAgo(1)));
  await logOut(issuedAt(minutesAgo(3)));
  expect(await finishAt(a, a, between, cookie)).toBe("ERR_UNSTICK_SAML_LOGGED_OUT");
});

test("one that names no end is good for an hour: it is remembered for no longer", async () => {
  const key = sessionKey("a session's id");
  await sessions.create(key, new Map(), { idleMs: 60_000 });
  const { requestId, cookie } = await beginAt(a);
  const form = { SAMLResponse: await idp.answer({ requestId }) };
  const { location } = await a.logins.finish({ method: "POST", url: "/acs", cookie, form });
  const end = await a.logins.finish({ method: "GET", url: location, cookie });
  if (end.kind !== "accepted") throw new Error(end.kind);
  await a.logins.link(end.login, "a session's id");
  const old = logOut((xml) => withoutEnd(issuedAt(minutesAgo(61))(xml)));
  await expect(old).rejects.toMatchObject({ code: "ERR_UNSTICK_SAML_REFUSED" });
  expect(await sessions.read(key)).not.toBeNull();
  await logOut((xml) => withoutEnd(issuedAt(minutesAgo(59))(xml)));
  expect(await sessions.read(key)).toBeNull();
});

test("who was logged out may log in again at once, however far clocks may differ: both times are the identity provider's", async () => {
  const lenient = samlifyInstance(idp, state, { sessions, clockSkewMs: 300_000 });
  await lenient.logins.logout(posted({ SAMLRequest: idp.logoutRequest({}) }));
  const ended = Date.now();
  await waitUntil("the clock has gone on", () => Date.now() > ended);
  const { requestId, cookie } = await beginAt(lenient);
  const answer = await idp.answer({ requestId });
  expect(await finishAt(lenient, lenient, answer, cookie)).toBe("accepted ada@example.org");
});
