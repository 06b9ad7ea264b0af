import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend, memoryState } from "@unstick/session";
import { startChromium } from "@unstick/testbed";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fleet, requestIdIn, startFleet } from "./fleet.ts";

/** The routes in a real browser, with an identity provider on another site. */
let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser?.close());

const kinds = (["express", "koa"] as const).flatMap((framework) =>
  (["two-hop", "none-cookie"] as const).map((binding) => [framework, binding] as const),
);

describe.each(kinds)("in Chromium, on %s, %s", (framework, binding) => {
  let fleet: Fleet;
  const answers = new Map<string, string>();
  // Playwright's routes do not see where a redirect leads, so the identity provider is a server.
  const idpServer = createServer((request, response) => {
    answerAsIdp(new URL(request.url ?? "", "http://idp.test"), response).catch((error) =>
      response.end(String(error)),
    );
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => idpServer.listen(0, "127.0.0.1", resolve));
    const idpUrl = `http://idp.test:${(idpServer.address() as AddressInfo).port}`;
    const shared = { state: memoryState(), sessions: memoryBackend() };
    fleet = await startFleet(framework, { binding }, shared, { host: "sp.test", idpUrl });
  });
  afterAll(async () => {
    idpServer.close();
    idpServer.closeAllConnections();
    await fleet.close();
  });

  async function answerAsIdp(url: URL, response: ServerResponse): Promise<void> {
    if (url.searchParams.has("SAMLResponse")) {
      response.end("logged out everywhere");
      return;
    }
    const requestId = requestIdIn(url);
    if (url.pathname === "/logout") {
      const location = `${fleet.url}/logout?${fleet.idp.logoutResponseQuery(requestId)}`;
      response.writeHead(302, { location }).end();
      return;
    }
    // Shown again by the back button, it sends what it sent.
    const answer = answers.get(requestId) ?? (await fleet.idp.answer({ requestId }));
    answers.set(requestId, answer);
    response.writeHead(200, { "content-type": "text/html" }).end(formWith(answer));
  }

  /** A browser without cookies. */
  async function open(): Promise<Page> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    return context.newPage();
  }

  function formWith(answer: string): string {
    return `<form method="post" action="${fleet.url}/acs"><input type="hidden" name="SAMLResponse" value="${answer}"><button>Sign in</button></form>`;
  }

  const text = async (page: Page): Promise<string> => (await page.textContent("body")) ?? "";

  test("login, back button, replay refused elsewhere, logout, logout everywhere", async () => {
    const page = await open();
    await page.goto(`${fleet.url}/login?returnTo=/deep`);
    await page.getByRole("button").click();
    await page.waitForURL(`${fleet.url}/deep`);
    expect(await text(page)).toBe("ada@example.org");

    // Back at the identity provider's page: it posts the same answer again.
    await page.goBack();
    await page.getByRole("button").click();
    await page.waitForURL(`${fleet.url}/deep`);
    expect(await text(page)).toBe("ada@example.org");
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name.endsWith("unstick-saml"))?.sameSite).toBe(
      binding === "two-hop" ? "Lax" : "None",
    );

    const thief = await open();
    const [answer = ""] = [...answers.values()].slice(-1);
    await thief.route("http://evil.test/", (route) =>
      route.fulfill({ contentType: "text/html", body: formWith(answer) }),
    );
    await thief.goto("http://evil.test/");
    await thief.getByRole("button").click();
    await thief.waitForURL(`${fleet.url}/acs**`);
    await thief.getByRole("alert").waitFor();
    expect(await text(thief)).toMatch(/could not be signed in/i);
    await thief.goto(fleet.url);
    expect(await text(thief)).toBe("nobody");

    await page.goto(`${fleet.url}/logout`);
    await page.waitForURL(`${fleet.url}/`);
    expect(await text(page)).toBe("nobody");

    // Signed in on two devices; the identity provider's LogoutRequest goes over a browser that has no cookie.
    for (const device of [page, thief]) {
      await device.goto(`${fleet.url}/login?returnTo=/deep`);
      await device.getByRole("button").click();
      await device.waitForURL(`${fleet.url}/deep`);
      expect(await text(device)).toBe("ada@example.org");
    }
    const other = await open();
    await other.goto(`${fleet.url}/logout?${fleet.idp.logoutRequestQuery({})}`);
    expect(await text(other)).toBe("logged out everywhere");
    for (const device of [page, thief]) {
      await device.reload();
      expect(await text(device)).toBe("nobody");
    }
    await Promise.all([page, thief, other].map((one) => one.context().close()));
  }, 120_000);
});
