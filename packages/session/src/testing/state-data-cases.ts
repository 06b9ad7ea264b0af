import assert from "node:assert/strict";
import type { Case, StateSubject } from "./subject.ts";

const LONG_MS = 600_000;

const KEYS: readonly string[] = [
  ...["k", "K", "k ", "__proto__", "constructor", "*", "k*", "k?", "[k]", "{k}", "k:1", "k/1", "k\\", "%6b"],
  ...["\u0000", "k\u0000", "\n", "é", "e\u0301", "鍵", "🍪", "\u{10ffff}", "k".repeat(512), "鍵".repeat(512)],
];

/** Keys and values of every kind, and `keys()`. */
export const STATE_DATA_CASES: readonly Case<StateSubject>[] = [
  {
    name: "state: keys of every kind do not meet",
    run: async ({ subject: { state } }) => {
      for (const [index, key] of KEYS.entries())
        assert.equal(await state.add(key, `${index}`, LONG_MS), true);
      for (const [index, key] of KEYS.entries()) assert.equal(await state.get(key), `${index}`);
      assert.deepEqual((await listed(state.keys(""))).sort(), [...KEYS].sort());
      for (const [index, key] of KEYS.entries()) {
        assert.deepEqual(await state.take(key), { outcome: "taken", value: `${index}` });
      }
    },
  },
  {
    name: "state: values of every kind come back",
    run: async ({ subject: { state }, largestValueBytes }) => {
      for (const value of ["", " ", "\u0000", "null", "🍪", "e\u0301", "x".repeat(largestValueBytes)]) {
        await state.put("k", value, LONG_MS);
        assert.ok((await state.get("k")) === value);
        const taken = await state.take("k");
        assert.ok(taken.outcome === "taken" && taken.value === value);
      }
    },
  },
  {
    name: "keys: those that start with the prefix, taken literally",
    run: async ({ subject: { state } }) => {
      for (const key of ["a", "a*", "a*b", "ab", "a[b]", "b", "é1", "é2", "A"])
        await state.put(key, "", LONG_MS);
      assert.deepEqual((await listed(state.keys("a*"))).sort(), ["a*", "a*b"]);
      assert.deepEqual(await listed(state.keys("a[b")), ["a[b]"]);
      assert.deepEqual((await listed(state.keys("é"))).sort(), ["é1", "é2"]);
      assert.deepEqual(await listed(state.keys("none")), []);
      assert.equal((await listed(state.keys("a"))).length, 5);
    },
  },
  {
    name: "keys: live ones only",
    run: async ({ subject: { state }, short, pass }) => {
      await state.put("live", "1", LONG_MS);
      await state.put("expired", "1", short.idleMs);
      await state.put("taken", "1", LONG_MS);
      await state.take("taken", { tombstoneMs: LONG_MS });
      await pass(short.idleMs);
      assert.deepEqual(await listed(state.keys("")), ["live"]);
    },
  },
  {
    name: "keys: each of a thousand exactly once, while others come and go",
    run: async ({ subject: { state } }) => {
      const stable = Array.from({ length: 1_000 }, (_, index) => `stable ${index}`).sort();
      await Promise.all(stable.map((key) => state.put(key, "1", LONG_MS)));
      const seen: string[] = [];
      for await (const key of state.keys("")) {
        seen.push(key);
        if (seen.length % 10 !== 0) continue;
        await state.put(`passing ${seen.length}`, "1", LONG_MS);
        await state.put(stable[seen.length % 1_000]!, "2", LONG_MS);
        await state.remove(`passing ${seen.length - 10}`);
      }
      assert.deepEqual(seen.filter((key) => key.startsWith("stable")).sort(), stable);
    },
  },
];

async function listed(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
}
