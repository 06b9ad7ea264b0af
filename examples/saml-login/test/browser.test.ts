import { siteOf, startChromium } from "@unstick/testbed";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ModeId } from "../src/modes.ts";
import { type DemoProcess, openDemo, readScene } from "./demo-process.ts";

// Each mode starts three processes, a deploy three more; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

interface Visit {
  readonly demo: DemoProcess & { readonly url: string };
  readonly page: Page;
  /** What the page's script has thrown. */
  readonly faults: string[];
}

async function visit(framework: string): Promise<Visit> {
  const demo = await openDemo(["--lmdb", `--framework=${framework}`]);
  const page = await browser.newPage();
  page.setDefaultTimeout(45_000);
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  await page.goto(demo.url);
  return { demo, page, faults };
}

async function leave({ demo, page }: Visit): Promise<void> {
  await page.close();
  demo.child.kill("SIGINT");
  await demo.ended;
}

/** No action is under way, and the page has asked the instances who it is since the last one. */
async function settled({ page }: Visit): Promise<void> {
  await page.waitForFunction(() => {
    const [busy, you] = [document.querySelector("#busy"), document.querySelector("#you")];
    return busy?.textContent === "" && you?.getAttribute("aria-busy") === "false";
  });
}

async function choose(on: Visit, mode: ModeId): Promise<void> {
  await on.page.check(`input[value=${mode}]`);
  await settled(on);
  expect((await readScene(on.demo.url)).mode).toBe(mode);
}

async function logIn(on: Visit): Promise<void> {
  await settled(on);
  await on.page.click("#login");
  await on.page.click("button:has-text('Sign in')");
}

/** From the application's error page back to the demo's: what that says. */
async function whyItFailed(on: Visit): Promise<string> {
  await on.page.waitForSelector("[role=alert]");
  expect(await shown(on, "[role=alert]")).toBe("InResponseTo is not valid");
  await on.page.click("text=Back to the demo");
  await settled(on);
  return shown(on, "#explanation");
}

async function shown({ page }: Visit, selector: string): Promise<string> {
  return (await page.textContent(selector)) ?? "";
}

describe.each(["express", "koa"])("the login in a real browser, on %s", (framework) => {
  let on: Visit;
  beforeAll(async () => {
    on = await visit(framework);
  });
  afterAll(() => leave(on));

  test("the identity provider is on another site than the application", () => idpIsElsewhere(on));
  test("no stickiness, local state: refused, and the page says why", () => refusedWithoutStickiness(on));
  test("sticky cookie with SameSite=Lax: it stays in the browser at the cross-site POST", () =>
    refusedWithLaxCookie(on));
  test("sticky cookie with SameSite=None; Secure: the login works, until the instance dies", () =>
    worksUntilInstanceDies(on));
  test("no stickiness, shared state: three instances share one login, and a kill changes nothing", () =>
    worksWithSharedState(on));
  test("only the demo's own page may act, and what cannot be done is a sentence", () => refusesStrangers(on));
  test("the page's script threw nothing", () => threwNothing(on));
});

describe("a rolling deploy", () => {
  let on: Visit;
  beforeAll(async () => {
    on = await visit("express");
  });
  afterAll(() => leave(on));

  const twelveLogIn = async (): Promise<void> => {
    await on.page.click("#crowd-login");
    await on.page.waitForFunction(() => document.querySelectorAll("#crowd li.good").length === 12);
    await settled(on);
  };

  test.each([
    ["sticky-none", "12 people were logged out", 12],
    ["shared", "Nobody was logged out", 0],
  ] as const)("%s: %s", async (mode, says, loggedOut) => {
    await choose(on, mode);
    await twelveLogIn();
    await on.page.click("#deploy");
    await on.page.waitForSelector(`text=Every instance was replaced by a new release. ${says}`);
    await settled(on);
    expect(await on.page.locator("#crowd li.bad").count()).toBe(loggedOut);
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
  expect(why).toContain("The login failed: InResponseTo is not valid");
  expect(why).toContain("There is no stickiness");
  expect(await shown(on, "#timeline")).toContain("refused it");
  expect(await shown(on, "#you")).toBe("You are not logged in.");
}

async function refusedWithLaxCookie(on: Visit): Promise<void> {
  await choose(on, "sticky-lax");
  await logIn(on);
  const why = await whyItFailed(on);
  expect(why).toContain("The sticky cookie unstick_demo stayed in the browser. It says SameSite=Lax");
  expect(why).toMatch(/came with the POST:.* AWSALBAPP-0/);
  expect(why).not.toMatch(/came with the POST:.* unstick_demo/);
}

async function worksUntilInstanceDies(on: Visit): Promise<void> {
  await choose(on, "sticky-none");
  await logIn(on);
  await on.page.waitForSelector("#explanation.good");
  await settled(on);
  expect(await shown(on, "#explanation")).toMatch(/came with the POST:.* unstick_demo/);
  const steps = await shown(on, "#timeline-text");
  expect(steps).toMatch(/^Step 1: Instance (.) .*Step 3: Instance \1 .*Step 4: Instance \1 /);
  expect(await shown(on, "#you")).toMatch(/^You are ada@example.org\./);

  const [, pinned] = /Step 3: Instance (.)/.exec(steps) ?? [];
  await on.page.click(`text=Kill ${pinned}`);
  await on.page.waitForSelector(`text=Start ${pinned} again`);
  await settled(on);
  expect(await shown(on, "#you")).toMatch(/^You have been logged out/);
  expect(await shown(on, "#instances")).toContain("dead; the balancer says unhealthy");
}

async function worksWithSharedState(on: Visit): Promise<void> {
  await choose(on, "shared");
  await logIn(on);
  await on.page.waitForSelector("#explanation.good");
  await settled(on);
  const steps = [...(await shown(on, "#timeline-text")).matchAll(/Instance (.)/g)].map(([, name]) => name);
  expect(new Set(steps).size).toBe(3);
  expect(await shown(on, "#you")).toMatch(/^You are ada@example.org\..*A knows you/s);
  await on.page.click("text=Kill B");
  await on.page.waitForSelector("text=Start B again");
  await settled(on);
  expect(await shown(on, "#you")).toMatch(/^You are ada@example.org\./);
  await on.page.click("text=Start B again");
  await on.page.waitForSelector("text=Instance B is back");
  await on.page.click("#logout");
  await on.page.waitForSelector("text=You are not logged in.");
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
