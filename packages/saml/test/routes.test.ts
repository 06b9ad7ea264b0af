import { createBrowserClient } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askIdp, atIdp, type Fleet, requestIdOf, signIn, startFleet } from "./fleet.ts";

describe.each(["express", "koa"] as const)("the routes on %s, three instances", (framework) => {
  let fleet: Fleet;
  const acs = () => `${fleet.url}/acs`;
  beforeAll(async () => {
    fleet = await startFleet(framework);
  });
  afterAll(() => fleet.close());

  test("a login, over two hops, with no cookie at the POST, ends where it wanted to go", async () => {
    const browser = createBrowserClient();
    const SAMLResponse = await askIdp(fleet, browser, "/deep?x=1");
    const page = await browser.post(acs(), { ...atIdp, form: { SAMLResponse }, follow: true });
    expect(page.url).toBe(`${fleet.url}/deep?x=1`);
    expect(page.redirects.map(({ status }) => status)).toEqual([303, 303]);
    expect((await browser.get(fleet.url)).body).toBe("ada@example.org");
    browser.close();
  });

  test("RelayState is an opaque handle of at most 80 bytes; where to go, and who asks, stay here", async () => {
    const page = await createBrowserClient().get(`${fleet.url}/login?returnTo=/private/path?of=mine`);
    const asked = new URL(page.headers.location ?? "");
    expect(asked.searchParams.get("RelayState")).toMatch(/^[A-Za-z0-9_-]{22,80}$/);
    expect(asked.href).not.toMatch(/private|returnTo/);
    const [secret = ""] = /[\w-]{43}/.exec(page.setCookie[0] ?? "") ?? [];
    const stored = [];
    for await (const key of fleet.shared.state.keys("")) stored.push(key, await fleet.shared.state.get(key));
    expect(secret).toHaveLength(43);
    expect(`${asked.href} ${stored.join(" ")}`).not.toContain(secret);
    expect(stored.join(" ")).toContain("/private/path?of=mine");
    expect(stored.join(" ")).not.toContain(requestIdOf(page));
  });

  test("the cookie that binds a login is short, Lax, for this host alone and out of scripts' reach", async () => {
    const browser = createBrowserClient();
    const [line = ""] = (await browser.get(`${fleet.url}/login`)).setCookie;
    expect(line).toMatch(/^unstick-saml=[\w-]{43}; Path=\/; Max-Age=720; HttpOnly; SameSite=Lax$/);
    const [again = ""] = (await browser.get(`${fleet.url}/login`)).setCookie;
    expect(again).toBe(line);
  });

  test("csrf: an attacker's own answer, posted by a victim's browser, signs nobody in", async () => {
    const [attacker, victim] = [createBrowserClient(), createBrowserClient()];
    const SAMLResponse = await askIdp(fleet, attacker);
    await askIdp(fleet, victim);
    const page = await victim.post(acs(), {
      from: "http://evil.test/",
      form: { SAMLResponse },
      follow: true,
    });
    expect(page.status).toBe(403);
    expect(page.body).toMatch(/another browser/);
    expect((await victim.get(fleet.url)).body).toBe("nobody");
    // And it has not spoiled the attacker's login, nor would it a victim's whose answer was stolen.
    await attacker.post(acs(), { ...atIdp, form: { SAMLResponse }, follow: true });
    expect((await attacker.get(fleet.url)).body).toBe("ada@example.org");
  });

  test("csrf: 0 of 100, whether the victim has a login of its own under way or not", async () => {
    const [attacker, victim] = [createBrowserClient(), createBrowserClient()];
    const form = { SAMLResponse: await askIdp(fleet, attacker) };
    let signedIn = 0;
    for (let tried = 0; tried < 100; tried += 1) {
      await victim.clearCookies();
      if (tried % 2 === 0) await victim.get(`${fleet.url}/login`);
      const page = await victim.post(acs(), { from: "http://evil.test/", form, follow: true });
      if (page.status !== 403 || page.setCookie.length > 0) signedIn += 1;
    }
    expect(signedIn).toBe(0);
    const own = await attacker.post(acs(), { ...atIdp, form, follow: true });
    expect(own.body).toBe("ada@example.org");
  });

  test("a second POST of one answer by its browser leads to the session that was made", async () => {
    const browser = createBrowserClient();
    const SAMLResponse = await askIdp(fleet, browser, "/once");
    const posts = await Promise.all(
      [1, 2].map(() => browser.post(acs(), { ...atIdp, form: { SAMLResponse }, follow: true })),
    );
    const back = await browser.post(acs(), { ...atIdp, form: { SAMLResponse }, follow: true });
    expect([...posts, back].map(({ url }) => url)).toEqual(Array(3).fill(`${fleet.url}/once`));
    expect((await browser.get(fleet.url)).body).toBe("ada@example.org");
    const other = createBrowserClient();
    const replay = await other.post(acs(), { ...atIdp, form: { SAMLResponse }, follow: true });
    expect(replay.status).toBe(403);
  });

  test("idpSloPost: a LogoutRequest by POST, without a cookie, ends 5 sessions wherever they were made", async () => {
    const browsers = [];
    for (let made = 0; made < 5; made += 1) browsers.push(await signIn(fleet));
    const bystander = await signIn(fleet, { nameId: "bob@example.org" });
    const form = { SAMLRequest: fleet.idp.logoutRequest({}), RelayState: "theirs" };
    const answered = await createBrowserClient().post(`${fleet.url}/logout`, { form });
    expect(answered.status).toBe(302);
    expect(new URL(answered.headers.location ?? "").searchParams.get("RelayState")).toBe("theirs");
    for (const browser of browsers) expect((await browser.get(fleet.url)).body).toBe("nobody");
    expect((await bystander.get(fleet.url)).body).toBe("bob@example.org");
  });

  test("a LogoutRequest by Redirect ends every session that it names, and no other", async () => {
    const person = { nameId: `cyd-${framework}@example.org` };
    const [one, two, three] = [
      await signIn(fleet, { ...person, sessionIndex: "_1" }),
      await signIn(fleet, { ...person, sessionIndex: "_2" }),
      await signIn(fleet, { ...person, sessionIndex: "_3" }),
    ];
    const query = fleet.idp.logoutRequestQuery({ ...person, sessionIndexes: ["_1", "_2"] });
    expect((await createBrowserClient().get(`${fleet.url}/logout?${query}`)).status).toBe(302);
    const left = await Promise.all([one, two, three].map((browser) => browser.get(fleet.url)));
    expect(left.map(({ body }) => body)).toEqual(["nobody", "nobody", person.nameId]);
  });

  test("our own logout: the session ends here, and the answer completes it on another instance", async () => {
    const browser = await signIn(fleet);
    const asked = await browser.get(`${fleet.url}/logout`);
    expect(asked.headers.location).toMatch(/^http:\/\/idp\.test\/logout\?SAMLRequest=/);
    expect((await browser.get(fleet.url)).body).toBe("nobody");
    const query = fleet.idp.logoutResponseQuery(requestIdOf(asked));
    expect((await browser.get(`${fleet.url}/logout?${query}`)).headers.location).toBe("/");
    expect((await browser.get(`${fleet.url}/logout?${query}`)).status).toBe(403);
  });

  test("SessionNotOnOrAfter ends the session", async () => {
    const soon = new Date(Date.now() + 1_500).toISOString();
    const browser = await signIn(fleet, { nameId: "dee@example.org", sessionNotOnOrAfter: soon });
    expect((await browser.get(fleet.url)).body).toBe("dee@example.org");
    await expect.poll(async () => (await browser.get(fleet.url)).body, { timeout: 10_000 }).toBe("nobody");
  });

  test("metadata names the callback", async () => {
    const { body } = await createBrowserClient().get(`${fleet.url}/metadata`);
    expect(body).toContain(`Location="${fleet.url}/acs"`);
  });
});
