import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { BackendError, memoryBackend, memoryState, type SharedState } from "@unstick/session";
import { createBrowserClient } from "@unstick/testbed";
import { expect, test } from "vitest";
import { cacheProvider, protect, SamlError } from "../src/index.ts";
import { PendingLogins } from "../src/pending-logins.ts";
import { askIdp, atIdp, startFleet } from "./fleet.ts";
import { createSaml } from "./service-provider.ts";

test("100,000 login starts: the bound holds, sessions beside them live, and the room comes back", async () => {
  const state = memoryState();
  await state.put("session", "alive", 600_000);
  const provider = cacheProvider(state, { maxPendingLogins: 2_000 });
  let refused = 0;
  for (let start = 0; start < 100_000; start += 1) {
    await provider.saveAsync(`_${start}`, "now").catch((error: unknown) => {
      expect(error).toBeInstanceOf(SamlError);
      refused += 1;
    });
  }
  let kept = 0;
  for await (const _key of state.keys("saml:")) kept += 1;
  expect([kept, refused, await state.get("session")]).toEqual([2_000, 98_000, "alive"]);
});

test("the bound is per process and per client, over one lifetime", () => {
  let now = 0;
  const pending = new PendingLogins(3, 2, 1_000, () => now);
  pending.admit("a");
  pending.admit("a");
  expect(() => pending.admit("a")).toThrow(SamlError);
  pending.admit("b");
  expect(() => pending.admit("c")).toThrow(SamlError);
  now = 1_000;
  pending.admit("a");
  expect(pending.size).toBe(1);
});

test("clients of one IPv6 network are one client, as are the two ways to write an IPv4 address", () => {
  const pending = new PendingLogins(100, 2, 1_000, () => 0);
  pending.admit("2001:db8:1:2::1");
  pending.admit("2001:db8:1:2:ffff:ffff:ffff:ffff");
  expect(() => pending.admit("2001:db8:1:2:3::")).toThrow(SamlError);
  expect(() => pending.admit("2001:0db8:0001:0002:0000:0000:0000:0009")).toThrow(SamlError);
  pending.admit("2001:db8:1:3::1");
  pending.admit("2001:db8::1");
  pending.admit("192.0.2.1");
  pending.admit("::ffff:192.0.2.1");
  expect(() => pending.admit("192.0.2.1")).toThrow(SamlError);
  pending.admit("::ffff:192.0.2.2");
  pending.admit("not an address");
});

test("protect() tells each login that begins, and each that is one too many", async () => {
  const told: unknown[] = [];
  const listen = (message: unknown, name: unknown): void => void told.push([name, message]);
  for (const name of ["begun", "refused"]) subscribe(`unstick.saml.${name}`, listen);
  const saml = protect(createSaml("MIIC"), { state: memoryState(), scope: "tenant", maxPendingLogins: 1 });
  await saml.getAuthorizeUrlAsync("", undefined, {});
  await expect(saml.getAuthorizeUrlAsync("", undefined, {})).rejects.toThrow(SamlError);
  for (const name of ["begun", "refused"]) unsubscribe(`unstick.saml.${name}`, listen);
  expect(told).toEqual([
    ["unstick.saml.begun", { scope: "tenant" }],
    ["unstick.saml.refused", { scope: "tenant", code: "ERR_UNSTICK_SAML_FLOOD" }],
  ]);
});

test("the store is down between request and answer: a page says so, nothing is accepted, and a retry works", async () => {
  const inner = memoryState();
  let isDown = false;
  const state = new Proxy(inner, {
    get:
      (target, verb: keyof SharedState) =>
      (...call: never[]) =>
        isDown
          ? Promise.reject(new BackendError("redis", verb, "connection lost"))
          : (target[verb] as (...call: never[]) => unknown)(...call),
  });
  const fleet = await startFleet("express", {}, { state, sessions: memoryBackend() });
  const browser = createBrowserClient();
  const form = { SAMLResponse: await askIdp(fleet, browser) };
  isDown = true;
  const page = await browser.post(`${fleet.url}/acs`, { ...atIdp, form, follow: true });
  expect(page.status).toBe(503);
  expect(page.body).toMatch(/nothing was accepted.*Try again/is);
  expect((await browser.get(`${fleet.url}/login`)).status).toBe(503);
  isDown = false;
  expect((await browser.get(fleet.url)).body).toBe("nobody");
  await browser.post(`${fleet.url}/acs`, { ...atIdp, form, follow: true });
  expect((await browser.get(fleet.url)).body).toBe("ada@example.org");
  browser.close();
  await fleet.close();
});
