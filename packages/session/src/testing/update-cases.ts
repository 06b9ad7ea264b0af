import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

/** `update`: only what is named changes, all or nothing, and never a session that is not alive. */
export const UPDATE_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "update: changes the attributes it names, and no others",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(Object.entries({ keep: "1", drop: "2", set: "3" })), LONG);
      const change = { set: new Map(Object.entries({ set: "4", fresh: "5" })), remove: ["drop", "absent"] };
      assert.deepEqual(await backend.update(keyOf("a"), change, LONG), { outcome: "ok", current: new Map() });
      assert.deepEqual(await attributes(backend), { keep: "1", set: "4", fresh: "5" });
    },
  },
  {
    name: "update: removing the last attribute leaves a session",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      await backend.update(keyOf("a"), { remove: ["n"] }, LONG);
      assert.deepEqual(await attributes(backend), {});
    },
  },
  {
    name: "update: a key that was never stored is gone, and stays so",
    run: async ({ subject: { backend } }) => {
      await refusesUpdate(backend, "gone");
      assert.equal(await backend.read(keyOf("a")), null);
    },
  },
  {
    name: "update: a late write revives neither a destroyed nor an expired session",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.destroy(keyOf("a"), short.idleMs);
      await refusesUpdate(backend, "gone");
      await pass(short.idleMs);
      await refusesUpdate(backend, "gone");
      await backend.create(keyOf("a"), new Map(), short);
      await pass(short.idleMs);
      await refusesUpdate(backend, "gone");
      assert.equal(await backend.read(keyOf("a")), null);
    },
  },
  {
    name: "expect: applies where every named attribute has its value, or is absent for null",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(Object.entries({ a: "1", empty: "" })), LONG);
      const expect = new Map<string, string | null>([
        ["a", "1"],
        ["empty", ""],
        ["absent", null],
      ]);
      const answer = await backend.update(keyOf("a"), { set: new Map([["a", "2"]]), expect }, LONG);
      assert.deepEqual(answer, { outcome: "ok", current: new Map() });
      assert.deepEqual(await attributes(backend), { a: "2", empty: "" });
    },
  },
  ...conflictCases(),
];

function conflictCases(): readonly Case<BackendSubject>[] {
  const misfits: readonly [string, readonly [string, string | null][]][] = [
    ["another value", [["a", "2"]]],
    ["a value where the attribute is absent", [["absent", "1"]]],
    ["the empty value where the attribute is absent", [["absent", ""]]],
    ["absence where there is a value", [["a", null]]],
    ["absence where there is an empty value", [["empty", null]]],
    [
      "one that fits and one that does not",
      [
        ["a", "1"],
        ["empty", "x"],
      ],
    ],
    ["the same value in another letter case", [["word", "ABC"]]],
    ["a number that is equal but not the same string", [["a", "1.0"]]],
  ];
  return misfits.map(([what, pairs]) => ({
    name: `expect: ${what} is a conflict that changes nothing and tells the values now`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      const before = { a: "1", empty: "", word: "abc", n: "5" };
      await backend.create(keyOf("a"), new Map(Object.entries(before)), LONG);
      const change = {
        set: new Map([["a", "9"]]),
        remove: ["empty"],
        add: new Map([["n", 1]]),
        expect: new Map(pairs),
      };
      const answer = await backend.update(keyOf("a"), change, { idleMs: 1 });
      const names = [...new Set([...pairs.map(([name]) => name), "n"])].filter((name) => name in before);
      const current = new Map(names.map((name) => [name, before[name as keyof typeof before]]));
      assert.equal(answer.outcome, "conflict");
      assert.deepEqual(sorted(answer.current), sorted(current));
      assert.deepEqual(await attributes(backend), before);
      assert.ok((await backend.read(keyOf("a")))!.remainingMs > 1_000);
    },
  }));
}

async function refusesUpdate(backend: BackendSubject["backend"], outcome: string): Promise<void> {
  const change = { set: new Map([["n", "1"]]), add: new Map([["m", 1]]) };
  assert.deepEqual(await backend.update(keyOf("a"), change, LONG), { outcome });
}

async function attributes(backend: BackendSubject["backend"]): Promise<Record<string, string>> {
  return Object.fromEntries((await backend.read(keyOf("a")))!.attributes);
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
