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

/** `succeeded`: how many of the twelve must; without it, whatever happens to them. */
export async function letCrowdIn(on: Visit, succeeded: number | "any" = 12): Promise<void> {
  await settled(on);
  await on.page.click("#crowd-login");
  const count = succeeded === "any" ? "[0-9]+" : succeeded;
  await on.page.waitForSelector(`text=/Twelve logins were tried.*\\b${count} succeeded/`);
  await settled(on);
}

/** Click the button by which the identity provider logs ada out; what the page says of it. */
export async function logAdaOut(on: Visit, tone: "good" | "bad" | "any"): Promise<string> {
  await on.page.click("[aria-label='Log ada@example.org out everywhere']");
  await on.page.waitForSelector(`#logout-result .explanation${tone === "any" ? "" : `.${tone}`}`);
  await settled(on);
  return shown(on, "#logout-result");
}

/** Where logins break: the answer is no good to a thief either, and a logout reaches what one instance happens to know. */
export async function failedLoginGainsNothing(on: Visit): Promise<void> {
  const said = await replay(on);
  expect(said.map((one) => one.includes("refused it."))).toEqual([true, true, true]);
  expect(await shown(on, "#replay-result")).toContain("does no better");
  await letCrowdIn(on, "any");
  const known = on.page.locator("[data-name='ada@example.org'] .place.known");
  if ((await known.count()) === 0) {
    expect(await on.page.locator("[aria-label='Log ada@example.org out everywhere']").isDisabled()).toBe(
      true,
    );
  } else {
    expect(await logAdaOut(on, "any")).toMatch(
      /^(?:ada@example\.org was not logged out everywhere|Instance . ended \d sessions? of ada@example\.org)/,
    );
  }
  expect(await shown(on, "#you")).toBe("You are not logged in.");
}
