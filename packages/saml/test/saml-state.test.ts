import { randomBytes } from "node:crypto";
import { waitUntil } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSamlState, type SamlState, type SamlStateOptions, STATE_DEFAULTS } from "../src/index.ts";
import { type OpenState, stateKinds } from "./states.ts";

const keys = { a: randomBytes(32), b: randomBytes(32) };
const variants: readonly (readonly [string, Partial<SamlStateOptions>])[] = [
  ["plain", {}],
  ["sealed", { encryption: { keys: { a: keys.a }, active: "a" } }],
];

test("defaults: a login's 10 minutes, 256 KiB a value", () => {
  expect(STATE_DEFAULTS).toEqual({
    scope: "default",
    itemLifetimeMs: 600_000,
    maxKeyBytes: 4096,
    maxValueBytes: 262_144,
  });
});

describe.each(stateKinds)("createSamlState on %s", (_kind, open) => {
  let opened: OpenState;
  let scopes = 0;
  const make = (changes: Partial<SamlStateOptions> = {}): SamlState =>
    createSamlState({ backend: opened.state, scope: `scope ${scopes++}`, ...changes });
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  describe.each(variants)("%s", (_variant, changes) => {
    test("an item is what was set last, until it is removed", async () => {
      const state = make(changes);
      expect(await state.getItem("a")).toBeNull();
      await state.setItem("a", "1");
      await state.setItem("a", "");
      expect(await state.getItem("a")).toBe("");
      expect(await state.removeItem("a")).toBeUndefined();
      await state.removeItem("a");
      expect(await state.getItem("a")).toBeNull();
    });

    test("names and values of any form", async () => {
      const state = make(changes);
      const names = ["", "__proto__", "length", "é", "\u0000", "a:b", "*", "x".repeat(4096), "{tag}"];
      for (const name of names) await state.setItem(name, `value of ${name}`);
      for (const name of names) expect(await state.getItem(name)).toBe(`value of ${name}`);
      expect(await state.length()).toBe(names.length);
      expect(await state.key(0)).toBe("");
      expect(await state.key(names.length)).toBeNull();
      expect(await state.key(-1)).toBeNull();
    });

    test("addItem stores only if the name is free", async () => {
      const state = make(changes);
      const added = await Promise.all(Array.from({ length: 8 }, (_, at) => state.addItem("a", String(at))));
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await state.getItem("a")).toBe(String(added.indexOf(true)));
    });

    test("takeItem gives the value to one of many, and the name is free again", async () => {
      const state = make(changes);
      await state.setItem("a", "1");
      const taken = await Promise.all(Array.from({ length: 8 }, () => state.takeItem("a")));
      expect(taken.filter((value) => value === "1")).toHaveLength(1);
      expect(taken.filter((value) => value === null)).toHaveLength(7);
      expect(await state.addItem("a", "2")).toBe(true);
    });

    test("an item ends with its lifetime", async () => {
      const state = make(changes);
      await state.setItem("short", "1", { lifetimeMs: 50 });
      await state.setItem("long", "1");
      await waitUntil("the item has ended", async () => (await state.getItem("short")) === null);
      expect(await state.length()).toBe(1);
    });

    test("scopes do not see each other, and clear() leaves the others alone", async () => {
      const state = make(changes);
      const [one, two] = [state.scope("one"), state.scope("two")];
      await Promise.all([state.setItem("a", "0"), one.setItem("a", "1"), two.setItem("a", "2")]);
      expect([await state.length(), await one.length(), await two.length()]).toEqual([1, 1, 1]);
      await one.clear();
      expect([await state.getItem("a"), await one.getItem("a"), await two.getItem("a")]).toEqual([
        "0",
        null,
        "2",
      ]);
    });

    test("an item beyond the limits is refused, and changes nothing", async () => {
      const state = make({ ...changes, maxKeyBytes: 8, maxValueBytes: 8 });
      await state.setItem("12345678", "12345678");
      const tooLarge = { code: "ERR_UNSTICK_SAML_ITEM_TOO_LARGE", status: 413 };
      await expect(state.setItem("12345678", "ééééé")).rejects.toMatchObject(tooLarge);
      await expect(state.addItem("123456789", "")).rejects.toMatchObject(tooLarge);
      await expect(state.getItem("123456789")).rejects.toMatchObject(tooLarge);
      expect(await state.getItem("12345678")).toBe("12345678");
    });
  });

  test("no name is in a key; sealed, neither name nor value is anywhere", async () => {
    const state = make(variants[1]![1]);
    await state.setItem("secret name", "secret value");
    const stored: string[] = [];
    for await (const key of opened.state.keys("saml:")) stored.push(key, String(await opened.state.get(key)));
    expect(stored.join("\n")).not.toMatch(/secret/);
    expect(stored.length).toBeGreaterThan(0);
  });

  test("a key is rotated without losing an item", async () => {
    const scope = "rotation";
    const before = make({ scope, encryption: { keys: { a: keys.a }, active: "a" } });
    await before.setItem("item", "1");
    const during = make({ scope, encryption: { keys, active: "b" } });
    expect(await during.getItem("item")).toBe("1");
    await during.setItem("item", "2");
    expect(await make({ scope, encryption: { keys: { b: keys.b }, active: "b" } }).getItem("item")).toBe("2");
    expect(await before.getItem("item")).toBeNull();
  });

  test("an item that was altered or put under another key is absent", async () => {
    const state = make(variants[1]![1]);
    await state.setItem("one", "1");
    const keysBefore = await allKeys(opened);
    await state.setItem("two", "2");
    const own = (await allKeys(opened)).filter((key) => !keysBefore.includes(key));
    const foreign = await opened.state.get(keysBefore[0]!);
    await opened.state.put(own[0]!, String(foreign), 60_000);
    expect(await state.getItem("two")).toBeNull();
    expect(await state.takeItem("two")).toBeNull();
  });
});

async function allKeys({ state }: OpenState): Promise<string[]> {
  const found: string[] = [];
  for await (const key of state.keys("saml:")) found.push(key);
  return found;
}
