import { memoryState } from "@unstick/session";
import { createBrowserClient, type Page } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { samlRoutes } from "../src/express/index.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";

const script = "<script>alert(1)</script>\"'`javascript:alert(2)";

describe.each(["express", "koa"] as const)("the error page on %s", (framework) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet(framework);
  });
  afterAll(() => fleet.close());

  test("says what failed, and where to go on: to another login, or back from a logout", async () => {
    const browser = createBrowserClient();
    const login = await browser.get(`${fleet.url}/acs`);
    expect(login.body).toMatch(/could not be signed in[\s\S]*href="\/login">Try again/);
    const logout = await browser.get(`${fleet.url}/logout?SAMLRequest=x`);
    expect(logout.body).toMatch(/may not be signed out everywhere[\s\S]*href="\/">Back/);
  });

  test("shows nothing of what was sent, runs nothing, is kept nowhere and tells nobody its address", async () => {
    const browser = createBrowserClient();
    const sent = encodeURIComponent(script);
    const form = { SAMLResponse: script, RelayState: script, [script]: script };
    const xml = `<Response xmlns="${script.replaceAll(/[<"&]/g, "x")}">${script}`;
    const pages: readonly Page[] = [
      await browser.post(`${fleet.url}/acs?x=${sent}`, { form }),
      await browser.post(`${fleet.url}/acs`, { form: { SAMLResponse: Buffer.from(xml).toString("base64") } }),
      await browser.post(`${fleet.url}/logout`, { form: { ...form, SAMLRequest: script } }),
      await browser.get(`${fleet.url}/acs?ticket=${sent}`),
      await browser.get(`${fleet.url}/logout?SAMLRequest=${sent}&RelayState=${sent}`),
      await browser.get(`${fleet.url}/logout?SAMLRequest=%E0%A4%A`),
    ];
    for (const { status, body, headers } of pages) {
      expect([400, 403]).toContain(status);
      expect(body).toMatch(/^<!doctype html>[\s\S]*role="alert"/);
      expect(body).not.toMatch(/alert\(|javascript:|<script/i);
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
    }
  });
});

test("an onError that throws is Express's to handle", async () => {
  const routes = samlRoutes({
    saml: createSaml((await startRealIdp()).certificate),
    state: memoryState(),
    signIn: async () => {},
    onError: () => {
      throw new Error("in onError");
    },
  });
  const told: unknown[] = [];
  await routes.acs({ method: "GET", originalUrl: "/acs", headers: {} } as never, {} as never, (error) =>
    told.push(error),
  );
  expect(told).toEqual([expect.objectContaining({ message: "in onError" })]);
});
