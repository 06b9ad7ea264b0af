import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { MultiSamlStrategy } from "@node-saml/passport-saml";
import { BackendError, memoryBackend, memoryState, type SharedState } from "@unstick/session";
import { createBrowserClient } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheProvider, protect, protectStrategy, SamlError } from "../src/index.ts";
import { PendingLogins } from "../src/pending-logins.ts";
import { askIdp, atIdp, startFleet } from "./fleet.ts";
import { runStrategy } from "./passport-request.ts";
import { startRealIdp } from "./real-idp.ts";
import { callbackUrl, createSaml } from "./service-provider.ts";
import { samlifyInstance } from "./stateless-libraries.ts";
import { type OpenState, stateKinds } from "./states.ts";

test("100,000 login starts: the bound holds, and what was there before them lives", async () => {
  const state = memoryState();
  await state.put("session", "alive", 600_000);
  const provider = cacheProvider(state, { maxPendingLogins: 2_000 });
  let refused = 0;
  for (let start = 0; start < 100_000; start += 1) {
    await provider.saveAsync(`_${start}`, "now").catch((error: unknown) => {
      if (!(error instanceof SamlError)) throw error;
      refused += 1;
    });
  }
  let kept = 0;
  for await (const _key of state.keys("saml:")) kept += 1;
  expect([kept, refused, await state.get("session")]).toEqual([2_000, 98_000, "alive"]);
});

describe.each(stateKinds)("a flood on %s", (_kind, open) => {
  let opened: OpenState;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  const kept = async (): Promise<number> => {
    let keys = 0;
    for await (const _key of opened.state.keys("saml:")) keys += 1;
    return keys;
  };

  test("2,000 starts of one client, and of as many as there are: no more is kept than the bounds, and what was there stays", async () => {
    const idp = await startRealIdp();
    const bounds = { maxPendingLogins: 150, maxPendingPerClient: 50 };
    const { logins } = samlifyInstance(idp, opened.state, bounds);
    await opened.state.put("a session", "alive", 600_000);
    const flood = async (clientOf: (at: number) => string): Promise<readonly string[]> => {
      const ends: string[] = [];
      for (let at = 0; at < 2_000; at += 1) {
        const call = { cookie: undefined, target: "/".padEnd(2_000, "x"), client: clientOf(at) };
        const begun = logins.begin(`_${clientOf(at)}-${at}`, call);
        ends.push(await begun.then(() => "begun").catch(({ code }: { code: string }) => code));
      }
      return ends;
    };
    const one = await flood(() => "192.0.2.1");
    expect([one.filter((end) => end === "begun").length, await kept()]).toEqual([50, 50]);
    const many = await flood((at) => `198.51.100.${at % 250}`);
    expect([many.filter((end) => end === "begun").length, await kept()]).toEqual([100, 150]);
    expect(new Set([...one, ...many])).toEqual(new Set(["begun", "ERR_UNSTICK_SAML_FLOOD"]));
    expect(await opened.state.get("a session")).toBe("alive");
  });
});

test("the bound is per process and per client, over one lifetime, after which the room comes back", () => {
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

test("MultiSamlStrategy makes a SAML object for each request, and one bound holds for all of them", async () => {
  const state = memoryState();
  const getSamlOptions = (_request: object, done: (error: null, options: object) => void): void =>
    done(null, { issuer: "urn:sp", callbackUrl, idpCert: "MIIC", entryPoint: "http://idp.test/login" });
  const verify = (() => {}) as never;
  const strategy = new MultiSamlStrategy({ getSamlOptions } as never, verify, verify);
  protectStrategy(strategy, { state, maxPendingLogins: 3 });
  const ends: string[] = [];
  for (let start = 0; start < 10; start += 1) {
    const { redirect, error } = await runStrategy(strategy, {});
    ends.push(redirect === undefined ? String(error?.code) : "begun");
  }
  expect(ends).toEqual([...Array(3).fill("begun"), ...Array(7).fill("ERR_UNSTICK_SAML_FLOOD")]);
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
