import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { CacheProvider } from "@node-saml/node-saml";
import { BackendError, memoryState } from "@unstick/session";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { cacheProvider, RequestUsedError, type SharedCacheProvider } from "../src/index.ts";
import { type OpenState, stateKinds } from "./states.ts";

test("it is what node-saml's option wants", () => {
  expectTypeOf<SharedCacheProvider>().toExtend<CacheProvider>();
});

let next = 0;
const freshId = (): string => `_${(next++).toString(16).padStart(40, "0")}`;
const instant = "2026-11-20T12:00:00.000Z";

describe.each(stateKinds)("cacheProvider on %s", (_name, open) => {
  let opened: OpenState;
  let provider: SharedCacheProvider;

  beforeAll(async () => {
    opened = await open();
    provider = cacheProvider(opened.state);
  });
  afterAll(() => opened.close());

  test("saveAsync adds only if absent, and answers null otherwise", async () => {
    const id = freshId();
    expect(await provider.saveAsync(id, instant)).toEqual({ value: instant, createdAt: expect.any(Number) });
    expect(await provider.saveAsync(id, "another instant")).toBeNull();
    expect(await provider.getAsync(id)).toBe(instant);
  });

  test("a claimed id is not free again", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    await provider.consumeAsync(id);
    expect(await provider.saveAsync(id, instant)).toBeNull();
    expect(await provider.getAsync(id)).toBeNull();
  });

  test("getAsync may be called again and again", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    expect([await provider.getAsync(id), await provider.getAsync(id)]).toEqual([instant, instant]);
    expect(await provider.getAsync(freshId())).toBeNull();
  });

  test("removeAsync answers the id once, then null; null stays null", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    expect(await provider.removeAsync(id)).toBe(id);
    expect(await provider.removeAsync(id)).toBeNull();
    expect(await provider.removeAsync(freshId())).toBeNull();
    expect(await provider.removeAsync(null)).toBeNull();
    expect(await provider.consumeAsync(null)).toBeNull();
    expect(await provider.getAsync(null as never)).toBeNull();
  });

  test("consumeAsync gives the value to one of many", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => provider.consumeAsync(id)));
    expect(answers.filter((answer) => answer === instant)).toHaveLength(1);
    expect(answers.filter((answer) => answer === null)).toHaveLength(19);
  });

  test("of two validations that both read the id alive, the second to remove it is refused", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    for (let read = 0; read < 4; read += 1) await provider.getAsync(id);
    expect(await provider.removeAsync(id)).toBe(id);
    await expect(provider.removeAsync(id)).rejects.toBeInstanceOf(RequestUsedError);
  });

  test("also when the two are on different instances", async () => {
    const [one, two] = [cacheProvider(opened.state), cacheProvider(opened.state)];
    const id = freshId();
    await one.saveAsync(id, instant);
    for (const instance of [one, two, one, two]) await instance.getAsync(id);
    const removals = await Promise.allSettled([one.removeAsync(id), two.removeAsync(id)]);
    expect(removals.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("ids of any length and content are kept apart", async () => {
    const ids = ["x".repeat(1_000_000), "__proto__", "constructor", "é", "a:b", "a", "", "\0"];
    for (const id of ids) await provider.saveAsync(id, `value of ${id.slice(0, 9)}`);
    for (const id of ids) expect(await provider.getAsync(id)).toBe(`value of ${id.slice(0, 9)}`);
  });

  test("scopes are apart, also where name and id could be split differently", async () => {
    const a = cacheProvider(opened.state, { scope: "tenant" });
    const b = cacheProvider(opened.state, { scope: "tenant1" });
    await a.saveAsync("1id", instant);
    expect(await b.getAsync("id")).toBeNull();
    expect(await b.consumeAsync("1id")).toBeNull();
    expect(await a.consumeAsync("1id")).toBe(instant);
  });

  test("no id is stored in the clear", async () => {
    const id = freshId();
    await provider.saveAsync(id, instant);
    const keys: string[] = [];
    for await (const key of opened.state.keys("saml:")) keys.push(key);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join("\n")).not.toContain(id);
  });
});

test("a state that fails makes every verb reject with the state's own error", async () => {
  const down = (): Promise<never> => Promise.reject(new BackendError("redis", "take", "connection lost"));
  const provider = cacheProvider({ ...memoryState(), add: down, get: down, take: down });
  for (const verb of ["getAsync", "removeAsync", "consumeAsync"] as const) {
    await expect(provider[verb]("_1")).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND", status: 503 });
  }
  await expect(provider.saveAsync("_1", instant)).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND" });
});

test("the lifetime is handed to the state, for the id and for the mark that it was used", async () => {
  const calls: unknown[][] = [];
  const provider = cacheProvider(
    {
      add: async (...call: unknown[]) => calls.push(["add", call[2]]) > 0,
      get: async () => null,
      take: async (...call: unknown[]) => {
        calls.push(["take", call[1]]);
        return { outcome: "unknown" };
      },
      put: async () => {},
      remove: async () => false,
      async *keys() {},
    },
    { requestIdLifetimeMs: 120_000 },
  );
  await provider.saveAsync("_1", instant);
  await provider.removeAsync("_1");
  expect(calls).toEqual([
    ["add", 120_000],
    ["take", { tombstoneMs: 120_000 }],
  ]);
});

test("a second use is told on a channel, without the id", async () => {
  const heard: unknown[] = [];
  const listen = (message: unknown): unknown => heard.push(message);
  subscribe("unstick.saml.request-used", listen);
  const provider = cacheProvider(memoryState(), { scope: "tenant" });
  await provider.saveAsync("_1", instant);
  await provider.consumeAsync("_1");
  await provider.consumeAsync("_1");
  unsubscribe("unstick.saml.request-used", listen);
  expect(heard).toEqual([{ scope: "tenant" }]);
});
