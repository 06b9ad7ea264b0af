import { createBrowserClient } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askIdp, atIdp, type Fleet, startFleet } from "./fleet.ts";

/** One hop: the POST itself carries a `SameSite=None; Secure` cookie of its own. The jar is as strict as browsers. */
describe.each(["express", "koa"] as const)('binding: "none-cookie" on %s, over https', (framework) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(framework, { binding: "none-cookie" });
  });
  afterAll(() => fleet.close());
  const open = () => createBrowserClient({ ca: fleet.certificate });

  test("the login's cookie is None, Secure, short and apart from the session's; a login takes one redirect", async () => {
    const browser = open();
    const begun = await browser.get(`${fleet.url}/login?returnTo=/deep`);
    const [line] = begun.setCookie;
    expect(line).toMatch(
      /^__Host-unstick-saml=[\w-]{43}; Path=\/; Max-Age=720; HttpOnly; SameSite=None; Secure$/,
    );
    expect(begun.refusedCookies).toEqual([]);
    const SAMLResponse = await askIdp(fleet, browser, "/deep");
    const page = await browser.post(`${fleet.url}/acs`, { ...atIdp, form: { SAMLResponse }, follow: true });
    expect(page.redirects.map(({ status }) => status)).toEqual([303]);
    expect([page.url, page.body]).toEqual([`${fleet.url}/deep`, "ada@example.org"]);
    const [, session] = page.redirects.flatMap(({ setCookie }) => ["", ...setCookie]);
    expect(session).toMatch(/SameSite=Lax/i);
  });

  test("a second POST of the same browser leads to its session; a replay by another is refused", async () => {
    const browser = open();
    const SAMLResponse = await askIdp(fleet, browser, "/once");
    for (let time = 0; time < 3; time += 1) {
      const page = await browser.post(`${fleet.url}/acs`, { ...atIdp, form: { SAMLResponse }, follow: true });
      expect([page.url, page.body]).toEqual([`${fleet.url}/once`, "ada@example.org"]);
    }
    expect((await open().post(`${fleet.url}/acs`, { ...atIdp, form: { SAMLResponse } })).status).toBe(403);
  });

  test("csrf: an attacker's answer in a victim's browser signs nobody in", async () => {
    const [attacker, victim, idle] = [open(), open(), open()];
    const SAMLResponse = await askIdp(fleet, attacker);
    await askIdp(fleet, victim);
    for (const browser of [victim, idle]) {
      const page = await browser.post(`${fleet.url}/acs`, {
        from: "https://evil.test/",
        form: { SAMLResponse },
      });
      expect([page.status, page.setCookie]).toEqual([403, []]);
      expect((await browser.get(fleet.url)).body).toBe("nobody");
    }
    const own = await attacker.post(`${fleet.url}/acs`, { ...atIdp, form: { SAMLResponse }, follow: true });
    expect(own.body).toBe("ada@example.org");
  });
});
