import { memoryState, OptionError, type SharedState } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { cacheProvider } from "../src/index.ts";
import { defaults } from "../src/options.ts";

describe("options", () => {
  test("defaults: a login may take 10 minutes, not node-saml's 8 hours", () => {
    expect(defaults).toEqual({ requestIdLifetimeMs: 600_000, scope: "default", maxPendingLogins: 20_000 });
  });

  test.each([
    ["requestIdLifetimeMs", { requestIdLifetimeMs: 999 }],
    ["requestIdLifetimeMs", { requestIdLifetimeMs: 86_400_001 }],
    ["requestIdLifetimeMs", { requestIdLifetimeMs: 1_000.5 }],
    ["requestIdLifetimeMs", { requestIdLifetimeMs: "600000" }],
    ["requestIdLifetimeMs", { requestIdLifetimeMs: Number.NaN }],
    ["scope", { scope: "" }],
    ["scope", { scope: "x".repeat(257) }],
    ["scope", { scope: 7 }],
    ["ttl", { ttl: 600 }],
    ["keyExpirationPeriodMs", { keyExpirationPeriodMs: 600_000 }],
  ])("a wrong %s is refused by name: %j", (option, options) => {
    const state = memoryState();
    const construct = () => cacheProvider(state, options as never);
    expect(construct).toThrow(OptionError);
    expect(construct).toThrow(`option ${option}: `);
  });

  test.each([[undefined], [null], [{}], [new Map()]])("a state that is none is refused: %s", (state) => {
    const construct = () => cacheProvider(state as unknown as SharedState);
    expect(construct).toThrow("option state: has no ");
    expect(construct).toThrow("lmdbState({ path })");
  });

  test("options are not changed, and may be frozen", () => {
    const options = Object.freeze({ scope: "tenant-1" });
    expect(() => cacheProvider(memoryState(), options)).not.toThrow();
  });
});
