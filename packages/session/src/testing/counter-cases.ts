import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** `add`: counters that lose nothing and never leave the safe integers. */
export const COUNTER_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "add: sums, absent counts as 0, and the sums are answered",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "40"]]), LONG);
      const amounts = new Map(Object.entries({ n: 2, fresh: -7, zero: 0 }));
      const sums = Object.entries({ n: "42", fresh: "-7", zero: "0" });
      const answer = await backend.update(keyOf("a"), { add: amounts }, LONG);
      assert.equal(answer.outcome, "ok");
      assert.deepEqual(new Map([...answer.current].sort()), new Map(sums.sort()));
      assert.deepEqual(new Map([...(await backend.read(keyOf("a")))!.attributes].sort()), new Map(sums));
    },
  },
  ...sums([
    [String(MAX - 1), 1, String(MAX)],
    [String(-MAX + 1), -1, String(-MAX)],
    [String(MAX), 0, String(MAX)],
    [String(MAX), -MAX, "0"],
    [String(-MAX), MAX, "0"],
    ["-1", 1, "0"],
    ["0", MAX, String(MAX)],
    ["4503599627370497", 4503599627370494, String(MAX)],
    ["999999999999999", 1, "1000000000000000"],
  ]),
  ...refusals([
    [String(MAX), 1],
    [String(-MAX), -1],
    [String(MAX), MAX],
    ["9007199254740992", 0],
    ["9007199254740993", -9007199254740991],
    ["-9007199254740992", 1],
    ["123456789012345678901234567890", 1],
    ["1.5", 1],
    ["1e3", 1],
    ["0x10", 1],
    ["", 1],
    [" 1", 1],
    ["1 ", 1],
    ["1\n", 1],
    ["+1", 1],
    ["-0", 1],
    ["007", 1],
    ["--1", 1],
    ["abc", 1],
    ["NaN", 1],
    ["Infinity", 1],
    ["١", 1],
    ['"1"', 1],
  ]),
  {
    name: "add: together with set and remove in one step",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(Object.entries({ n: "1", old: "x" })), LONG);
      const change = { set: new Map([["user", "ada"]]), remove: ["old"], add: new Map([["n", 1]]) };
      const answer = await backend.update(keyOf("a"), change, LONG);
      assert.deepEqual(answer, { outcome: "ok", current: new Map([["n", "2"]]) });
      const after = (await backend.read(keyOf("a")))!.attributes;
      assert.deepEqual(Object.fromEntries(after), { n: "2", user: "ada" });
    },
  },
];

function sums(table: readonly (readonly [string, number, string])[]): Case<BackendSubject>[] {
  return table.map(([value, amount, sum]) => ({
    name: `add: ${value} and ${amount} make ${sum}`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      await backend.create(keyOf("a"), new Map([["n", value]]), LONG);
      const answer = await backend.update(keyOf("a"), { add: new Map([["n", amount]]) }, LONG);
      assert.deepEqual(answer, { outcome: "ok", current: new Map([["n", sum]]) });
      assert.equal((await backend.read(keyOf("a")))?.attributes.get("n"), sum);
    },
  }));
}

function refusals(table: readonly (readonly [string, number])[]): Case<BackendSubject>[] {
  return table.map(([value, amount]) => ({
    name: `add: ${JSON.stringify(value)} and ${amount} conflict, and nothing is changed`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      await backend.create(keyOf("a"), new Map(Object.entries({ n: value, good: "1" })), LONG);
      const change = { set: new Map([["x", "1"]]), add: new Map(Object.entries({ good: 1, n: amount })) };
      const answer = await backend.update(keyOf("a"), change, LONG);
      assert.equal(answer.outcome, "conflict");
      assert.deepEqual(Object.fromEntries(answer.current), { good: "1", n: value });
      const after = (await backend.read(keyOf("a")))!.attributes;
      assert.deepEqual(Object.fromEntries(after), { n: value, good: "1" });
    },
  }));
}
