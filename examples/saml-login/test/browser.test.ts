import { siteOf, startChromium } from "@unstick/testbed";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModeId } from "../src/modes.ts";
import { type DemoProcess, openDemo, readScene } from "./demo-process.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

describe.each(["express", "koa"])("the login in a real browser, on %s", (framework) => {
  let demo: DemoProcess & { readonly url: string };
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    demo = await openDemo(["--lmdb", `--framework=${framework}`]);
    page = await browser.newPage();
    page.on("pageerror", ({ message }) => faults.push(message));
    await page.goto(demo.url);
  });
  afterAll(async () => {
    await page.close();
    demo.child.kill("SIGINT");
    await demo.ended;
  });

  /** No action is under way, and the page has asked the instances who it is since the last one. */
  const settled = async (): Promise<void> => {
    await page.waitForFunction(() => {
      const [busy, you] = [document.querySelector("#busy"), document.querySelector("#you")];
      return busy?.textContent === "" && you?.getAttribute("aria-busy") === "false";
    });
  };
  const choose = async (mode: ModeId): Promise<void> => {
    await page.check(`input[value=${mode}]`);
    await settled();
    expect((await readScene(demo.url)).mode).toBe(mode);
  };
  const logIn = async (): Promise<void> => {
    await settled();
    await page.click("#login");
    await page.click("text=Sign in");
  };
  const text = (selector: string): Promise<string> => page.innerText(selector);
  const whyItFailed = async (): Promise<string> => {
    await page.waitForSelector("[role=alert]");
    expect(await text("[role=alert]")).toBe("InResponseTo is not valid");
    await page.click("text=Back to the demo");
    await settled();
    return text("#explanation");
  };

  test("the identity provider is on another site than the application", async () => {
    const { publicUrl, idpUrl } = await readScene(demo.url);
    expect([siteOf(publicUrl), siteOf(idpUrl)]).toEqual(["http://127.0.0.1", "http://localhost"]);
  });

  test("no stickiness, local state: refused, and the page says why", async () => {
    await settled();
    await logIn();
    const why = await whyItFailed();
    expect(why).toContain("The login failed: InResponseTo is not valid");
    expect(why).toContain("There is no stickiness");
    expect(await text("#timeline")).toContain("refused it");
    expect(await text("#you")).toBe("You are not logged in.");
  });

  test("sticky cookie with SameSite=Lax: it stays in the browser at the cross-site POST", async () => {
    await choose("sticky-lax");
    await logIn();
    const why = await whyItFailed();
    expect(why).toContain("The sticky cookie unstick_demo stayed in the browser. It says SameSite=Lax");
    expect(why).toMatch(/Cookies that came with the POST:.* AWSALBAPP-0/);
    expect(why).not.toMatch(/came with the POST:.*unstick_demo/);
  });

  test("sticky cookie with SameSite=None; Secure: the login works, until the instance dies", async () => {
    await choose("sticky-none");
    await logIn();
    await page.waitForSelector("#explanation.good");
    await settled();
    expect(await text("#explanation")).toMatch(/came with the POST: .*unstick_demo/);
    expect(await text("#timeline-text")).toMatch(
      /^Step 1: Instance (.) .*Step 3: Instance \1 .*Step 4: Instance \1 /,
    );
    expect(await text("#you")).toMatch(/^You are ada@example.org\./);

    const [, pinned] = /Step 3: Instance (.)/.exec(await text("#timeline-text")) ?? [];
    await page.click(`text=Kill ${pinned}`);
    await page.waitForSelector(`text=Start ${pinned} again`);
    await settled();
    expect(await text("#you")).toMatch(/^You have been logged out/);
    expect(await text("#instances")).toContain("dead; the balancer says unhealthy");
  });

  test("no stickiness, shared state: it works, and survives a kill and a rolling deploy", async () => {
    await choose("shared");
    await logIn();
    await page.waitForSelector("#explanation.good");
    await settled();
    const steps = [...(await text("#timeline-text")).matchAll(/Instance (.)/g)].map(([, name]) => name);
    expect(new Set(steps).size).toBe(3);
    expect(await text("#you")).toMatch(/^You are ada@example.org\..*A knows you/s);

    await page.click("#crowd-login");
    await page.waitForFunction(() => document.querySelectorAll("#crowd li.good").length === 12);
    await settled();
    await page.click("text=Kill B");
    await page.waitForSelector("text=Start B again");
    await settled();
    expect(await text("#log")).toContain("Instance B was killed. Nobody was logged out");

    await page.click("#deploy");
    await page.waitForSelector("text=Every instance was replaced by a new release. Nobody was logged out");
    await settled();
    expect(await text("#you")).toMatch(/^You are ada@example.org\./);
    expect((await readScene(demo.url)).instances.map(({ release }) => release)).toEqual([2, 2, 2]);
  });

  test("local state logs everybody out at a rolling deploy", async () => {
    await choose("sticky-none");
    await page.click("#crowd-login");
    await page.waitForFunction(() => document.querySelectorAll("#crowd li.good").length === 12);
    await settled();
    await page.click("#deploy");
    await page.waitForSelector("text=12 people were logged out");
    await settled();
    expect(await page.locator("#crowd li.bad").count()).toBe(12);
  });

  test("the page's script threw nothing", () => {
    expect(faults).toEqual([]);
  });
});
