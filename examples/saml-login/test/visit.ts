import type { Browser, Page, Request } from "playwright-core";
import { expect } from "vitest";
import type { ModeId } from "../src/modes.ts";
import { type DemoProcess, openDemo, readScene } from "./demo-process.ts";

/** The demo's page in a browser of its own. */
export interface Visit {
  readonly demo: DemoProcess & { readonly url: string };
  readonly page: Page;
  /** What the page's script has thrown. */
  readonly faults: string[];
}

export async function visit(browser: Browser, framework: string): Promise<Visit> {
  const demo = await openDemo(["--lmdb", `--framework=${framework}`]);
  const page = await browser.newPage();
  page.setDefaultTimeout(45_000);
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  await page.goto(demo.url);
  return { demo, page, faults };
}

export async function leave({ demo, page }: Visit): Promise<void> {
  await page.close();
  demo.child.kill("SIGINT");
  await demo.ended;
}

/** No action is under way, and the page has asked the instances who it is since the last one. */
export async function settled({ page }: Visit): Promise<void> {
  await page.waitForFunction(() => {
    const [busy, you] = [document.querySelector("#busy"), document.querySelector("#you")];
    return busy?.textContent === "" && you?.getAttribute("aria-busy") === "false";
  });
}

export async function choose(on: Visit, mode: ModeId): Promise<void> {
  await on.page.check(`input[value=${mode}]`);
  await settled(on);
  expect((await readScene(on.demo.url)).mode).toBe(mode);
}

export async function logIn(on: Visit): Promise<void> {
  await settled(on);
  await on.page.click("#login");
  await on.page.click("button:has-text('Sign in')");
}

/** From the application's error page back to the demo's: what that says. */
export async function whyItFailed(on: Visit): Promise<string> {
  await on.page.waitForSelector("[role=alert]");
  expect(await shown(on, "[role=alert]")).toMatch(/^No login that waits for this answer is known/);
  await on.page.click("text=Back to the demo");
  await settled(on);
  return shown(on, "#explanation");
}

/** The answer that this login takes to the application, as whoever copies it on its way has it. */
export async function logInWatched(on: Visit): Promise<string> {
  const isAnswer = (request: Request): boolean =>
    request.method() === "POST" && request.url().endsWith("/acs");
  const posted = on.page.waitForRequest(isAnswer);
  await logIn(on);
  return new URLSearchParams((await posted).postData() ?? "").get("SAMLResponse") ?? "";
}

/** Post an answer from whatever page this is. */
export async function post(page: Page, publicUrl: string, answer: string): Promise<void> {
  await page.evaluate(
    ([action = "", value = ""]) => {
      const form = document.createElement("form");
      const field = Object.assign(document.createElement("input"), { name: "SAMLResponse", value });
      Object.assign(form, { method: "post", action }).append(field);
      document.body.append(form);
      form.submit();
    },
    [`${publicUrl}/acs`, answer],
  );
}

/** Click the button that posts the answer again; what each instance said. */
export async function replay(on: Visit): Promise<string[]> {
  await on.page.click("#replay");
  await on.page.waitForSelector("#replay-result .explanation.good");
  await settled(on);
  return on.page.locator("#replay-result li").allTextContents();
}

export async function shown({ page }: Visit, selector: string): Promise<string> {
  return (await page.textContent(selector)) ?? "";
}

export async function letCrowdIn(on: Visit): Promise<void> {
  await settled(on);
  await on.page.click("#crowd-login");
  await on.page.waitForSelector("text=/Twelve logins were tried.*12 succeeded/");
  await settled(on);
}
