import { siteOf, startChromium } from "@unstick/testbed";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readScene } from "./demo-process.ts";
import {
  choose,
  failedLoginGainsNothing,
  leave,
  letCrowdIn,
  logAdaOut,
  logIn,
  logInWatched,
  post,
  replay,
  settled,
  shown,
  type Visit,
  visit,
  whyItFailed,
} from "./visit.ts";

// Each mode starts three processes, a deploy three more; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

describe.each(["express", "koa"])("the login in a real browser, on %s", (framework) => {
  let on: Visit;
  beforeAll(async () => {
    on = await visit(browser, framework);
  });
  afterAll(() => leave(on));

  test("the identity provider is on another site than the application", () => idpIsElsewhere(on));
  test("no stickiness, local state: refused, and its replay, and the page says why", () =>
    refusedWithoutStickiness(on));
  test("sticky cookie with SameSite=Lax: it stays in the browser at the cross-site POST", () =>
    refusedWithLaxCookie(on));
  test("sticky cookie with SameSite=None; Secure: the login works, until the instance dies", () =>
    worksUntilInstanceDies(on));
  test("no stickiness, shared state: three instances share one login, and a kill changes nothing", () =>
    worksWithSharedState(on));
  test("a copied answer is refused in another browser, whichever instance gets it", () => refusesThief(on));
  test("the identity provider logs a person out everywhere, and nobody else", () => logsOutEverywhere(on));
  test("our own logout goes over the identity provider and back to any instance", () => logsOut(on));
  test("only the demo's own page may act, and what cannot be done is a sentence", () => refusesStrangers(on));
  test("the page's script threw nothing", () => threwNothing(on));
});

describe("a rolling deploy", () => {
  let on: Visit;
  beforeAll(async () => {
    on = await visit(browser, "express");
  });
  afterAll(() => leave(on));

  const twelveLogIn = async (): Promise<void> => {
    await letCrowdIn(on);
    expect(await on.page.locator("#people li.good").count()).toBe(12);
  };

  test.each([
    ["sticky-none", "12 sessions were lost", 12],
    ["shared", "Nobody was logged out", 0],
  ] as const)("%s: %s", async (mode, says, loggedOut) => {
    await choose(on, mode);
    await twelveLogIn();
    await on.page.click("#deploy");
    await on.page.waitForSelector(`text=Every instance was replaced by a new release. ${says}`);
    await settled(on);
    expect(await on.page.locator("#people li.bad").count()).toBe(loggedOut);
    expect((await readScene(on.demo.url)).instances.map(({ release }) => release)).toEqual([2, 2, 2]);
  });
});

async function idpIsElsewhere(on: Visit): Promise<void> {
  const { publicUrl, idpUrl } = await readScene(on.demo.url);
  expect([siteOf(publicUrl), siteOf(idpUrl)]).toEqual(["http://127.0.0.1", "http://localhost"]);
}

async function refusedWithoutStickiness(on: Visit): Promise<void> {
  await logIn(on);
  const why = await whyItFailed(on);
  expect(why).toMatch(/^The login failed: instance . knows of no such login/);
  expect(why).toContain("InResponseTo is not valid");
  expect(why).toContain("There is no stickiness");
  expect(await shown(on, "#timeline")).toContain("refused it");
  expect(await shown(on, "#you")).toBe("You are not logged in.");
  await failedLoginGainsNothing(on);
}

async function refusedWithLaxCookie(on: Visit): Promise<void> {
  await choose(on, "sticky-lax");
  await logIn(on);
  const why = await whyItFailed(on);
  expect(why).toContain("The sticky cookie unstick_demo stayed in the browser. It says SameSite=Lax");
  expect(why).toMatch(/came with the POST:.* AWSALBAPP-0/);
  expect(why).not.toMatch(/came with the POST:.* unstick_demo/);
  await failedLoginGainsNothing(on);
}

async function worksUntilInstanceDies(on: Visit): Promise<void> {
  await choose(on, "sticky-none");
  await logIn(on);
  await on.page.waitForSelector("#explanation.good");
  await settled(on);
  expect(await shown(on, "#explanation")).toMatch(/came with the POST:[^.]* unstick_demo/);
  const steps = await shown(on, "#timeline-text");
  expect(steps).toMatch(
    /^Step 1: Instance (.) .*Step 3: Instance \1 .*Step 4: Instance \1 .*Step 5: Instance \1 /,
  );
  const [, pinned = ""] = /Step 3: Instance (.)/.exec(steps) ?? [];
  expect(await shown(on, "#you")).toMatch(`You are ada@example.org at instance ${pinned} only.`);
  for (const said of await replay(on)) {
    const isUsedThere = said.includes(`Instance ${pinned} refused it. “This login was already completed`);
    expect(isUsedThere || said.includes("refused it. “No login that waits")).toBe(true);
  }
  await on.page.click(`text=Kill ${pinned}`);
  await on.page.waitForSelector(`text=Start ${pinned} again`);
  await settled(on);
  expect(await shown(on, "#you")).toMatch(/^You have been logged out/);
  expect(await shown(on, "#instances")).toContain("dead; the balancer says unhealthy");
  await on.page.click(`text=Start ${pinned} again`);
  await on.page.waitForSelector(`text=Instance ${pinned} is back`);
  await logoutReachesOneInstance(on);
}

/** Ada has a session in the memory of each instance; the LogoutRequest reaches one. */
async function logoutReachesOneInstance(on: Visit): Promise<void> {
  await letCrowdIn(on);
  expect(await logAdaOut(on, "bad")).toMatch(
    /^ada@example.org was not logged out everywhere.*It ended 1 session: /,
  );
  expect(await on.page.locator("[data-name='ada@example.org'] .place.known").count()).toBe(2);
}

async function worksWithSharedState(on: Visit): Promise<void> {
  await choose(on, "shared");
  await logIn(on);
  await on.page.waitForSelector("#explanation.good");
  await settled(on);
  const steps = [...(await shown(on, "#timeline-text")).matchAll(/Instance (.)/g)].map(([, name]) => name);
  expect(new Set(steps).size).toBe(3);
  // The cookie by which the browser shows that it began the login is Lax.
  const why = await shown(on, "#explanation");
  expect(why).not.toMatch(/came with the POST:[^.]* unstick-saml/);
  expect(why).toMatch(/came with the GET that followed:[^.]* unstick-saml/);
  const everywhere = /^You are ada@example.org at every instance\./;
  expect(await shown(on, "#you")).toMatch(everywhere);
  await on.page.click("text=Kill B");
  await on.page.waitForSelector("text=Start B again");
  await settled(on);
  expect(await shown(on, "#you")).toMatch(everywhere);
  await on.page.click("text=Start B again");
  await on.page.waitForSelector("text=Instance B is back");
}

/** By the page's button, and by a real second browser; the first one's own second POST leads home. */
async function refusesThief(on: Visit): Promise<void> {
  const answer = await logInWatched(on);
  await on.page.waitForSelector("#explanation.good");
  await settled(on);
  const used = "This login was already completed";
  for (const said of await replay(on)) expect(said).toContain(`refused it. “${used}`);

  const { publicUrl } = await readScene(on.demo.url);
  const thief = await browser.newContext();
  const page = await thief.newPage();
  const answeredBy = new Set<string | null>();
  for (let time = 0; time < 3; time += 1) {
    await page.goto("about:blank");
    await post(page, publicUrl, answer);
    expect(await page.textContent("[role=alert]")).toContain(used);
    answeredBy.add(await page.textContent("strong"));
  }
  expect(answeredBy.size).toBe(3);
  await page.goto(`${publicUrl}/whoami`);
  expect(JSON.parse((await page.textContent("body")) ?? "")).toEqual({ user: null });
  await thief.close();

  await post(on.page, publicUrl, answer);
  await on.page.waitForURL(on.demo.url);
  await settled(on);
  expect(await shown(on, "#you")).toMatch(/^You are ada@example.org at every instance\./);
}

/** Four sessions on three instances: this browser's and three of the crowd. */
async function logsOutEverywhere(on: Visit): Promise<void> {
  await letCrowdIn(on);
  expect(await on.page.locator("[data-name='ada@example.org'] li.good").count()).toBe(4);
  expect(await logAdaOut(on, "good")).toMatch(/^ada@example.org is logged out everywhere.*found 4 sessions/);
  expect(await shown(on, "#you")).toBe(
    "You have been logged out: the identity provider has ended your session.",
  );
  expect(await on.page.locator("[data-name='ada@example.org'] li.bad").count()).toBe(4);
  expect(await on.page.locator("[data-name='ada@example.org'] .known").count()).toBe(0);
  expect(await on.page.locator("#people .known").count()).toBe(27);
}

async function logsOut(on: Visit): Promise<void> {
  await logIn(on);
  await on.page.waitForSelector("#logout:not([hidden])");
  await settled(on);
  const answered = on.page.waitForRequest((request) => request.url().includes("/logout?SAMLResponse="));
  await on.page.click("#logout");
  await answered;
  await on.page.waitForURL(on.demo.url);
  await settled(on);
  expect(await shown(on, "#you")).toBe("You are not logged in.");
}

async function refusesStrangers(on: Visit): Promise<void> {
  const act = async (origin: string, action: object): Promise<[number, string]> => {
    const headers = { "content-type": "application/json", origin };
    const answer = await fetch(new URL("act", on.demo.url), {
      method: "POST",
      headers,
      body: JSON.stringify(action),
    });
    return [answer.status, ((await answer.json()) as { error: string }).error];
  };
  const { origin } = new URL(on.demo.url);
  const { idpUrl } = await readScene(on.demo.url);
  expect((await act(idpUrl, { name: "kill", subject: "A" }))[0]).toBe(403);
  expect(await act(origin, { name: "kill", subject: "D" })).toEqual([409, "there is no instance D"]);
  expect(await act(origin, { name: "revive", subject: "A" })).toEqual([409, "instance A is running"]);
  expect((await act(origin, { name: "mode", subject: "magic" }))[1]).toContain(
    "no mode magic; known are local,",
  );
  expect(await act(origin, { name: "constructor" })).toEqual([409, "no action constructor"]);
  const { instances } = await readScene(on.demo.url);
  expect(instances.every(({ isRunning }) => isRunning)).toBe(true);
}

async function threwNothing(on: Visit): Promise<void> {
  expect(on.faults).toEqual([]);
}
