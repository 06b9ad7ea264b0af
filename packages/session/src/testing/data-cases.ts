import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

/** Names that some store, language or protocol gives a meaning of its own. */
const NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "0",
  "-1",
  " ",
  "\u0000",
  "a\u0000b",
  "\n",
  "\r\n",
  "a.b",
  "a:b",
  "a b",
  "{a}",
  "*",
  "?[a-z]",
  "\\",
  '"',
  "'",
  "%s",
  "$1",
  "ключ",
  "é",
  "e\u0301",
  "鍵",
  "🍪",
  "👩‍👩‍👧‍👦",
  "\u{10ffff}",
  "\ufeffbom",
  "n".repeat(1_024),
];

/** A backend's own bookkeeping must not meet the application's names. */
const BOOKKEEPING: readonly string[] = [
  ...["v", "_v", "c", "created", "createdAt", "u", "user", "d", "deadline", "t", "token", "w", "writes"],
  ...["m", "moved", "movedTo", "k", "kind", "a:", "a", "x", "s:", "$", "#", "@", "_", ":", "tombstone"],
];

const VALUES: readonly string[] = [
  "",
  " ",
  "0",
  "false",
  "null",
  "undefined",
  "{}",
  "\u0000",
  "OK",
  ...NAMES,
];

/** Any name and any value come back as they were stored. */
export const DATA_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "data: names with a meaning of their own are names",
    run: async (stage) => {
      await roundTrips(stage, new Map([...NAMES, ...BOOKKEEPING].map((name, index) => [name, `${index}`])));
      assert.equal(({} as Record<string, unknown>)["0"], undefined);
    },
  },
  {
    name: "data: values with a meaning of their own are values",
    run: (stage) => roundTrips(stage, new Map(VALUES.map((value, index) => [`name${index}`, value]))),
  },
  ...["__proto__", "constructor", "\u0000", "🍪", "e\u0301", ...BOOKKEEPING.slice(0, 8)].map((name) => ({
    name: `data: ${JSON.stringify(name)} is set, expected, added to, moved and removed like any other`,
    run: ({ subject: { backend } }: Stage<BackendSubject>) => livesThrough(backend, name),
  })),
  {
    name: "data: names that look alike are different names",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["é", "composed"]]), LONG);
      await backend.update(keyOf("a"), { set: new Map([["e\u0301", "decomposed"]]) }, LONG);
      await backend.update(keyOf("a"), { remove: ["É", "E\u0301"] }, LONG);
      assert.equal((await backend.read(keyOf("a")))?.attributes.size, 2);
    },
  },
  {
    name: "data: a thousand attributes, then half of them",
    run: async ({ subject: { backend } }) => {
      const many = Array.from({ length: 1_000 }, (_, index): [string, string] => [`n${index}`, `${index}`]);
      await backend.create(keyOf("a"), new Map(many), LONG);
      const remove = many.slice(0, 500).map(([name]) => name);
      await backend.update(keyOf("a"), { remove, add: new Map(many.slice(500).map(([n]) => [n, 1])) }, LONG);
      const { attributes } = (await backend.read(keyOf("a")))!;
      assert.equal(attributes.size, 500);
      assert.equal(attributes.get("n999"), "1000");
    },
  },
  {
    name: "data: a value of the largest declared size, of one-, two-, three- and four-byte characters",
    run: async (stage) => {
      for (const unit of ["x", "é", "鍵", "🍪"]) {
        const value = unit.repeat(Math.floor(stage.largestValueBytes / Buffer.byteLength(unit)));
        await roundTrips(stage, new Map([["big", value]]), `big ${unit}`);
      }
    },
  },
];

async function roundTrips(
  { subject }: Stage<BackendSubject>,
  attributes: ReadonlyMap<string, string>,
  label = "a",
): Promise<void> {
  const [created, updated] = [keyOf(`${label} created`), keyOf(`${label} updated`)];
  await subject.backend.create(created, attributes, LONG);
  await subject.backend.create(updated, new Map(), LONG);
  const answer = await subject.backend.update(updated, { set: attributes }, LONG);
  assert.equal(answer.outcome, "ok");
  for (const key of [created, updated]) {
    const stored = (await subject.backend.read(key))!.attributes;
    assert.equal(stored.size, attributes.size);
    for (const [name, value] of attributes) {
      // Not deepEqual: its message would print a megabyte.
      assert.ok(stored.get(name) === value, `the value of ${JSON.stringify(name.slice(0, 40))} came back`);
    }
  }
}

async function livesThrough(backend: BackendSubject["backend"], name: string): Promise<void> {
  await backend.create(keyOf("a"), new Map([["other", "1"]]), LONG);
  const absent = new Map([[name, null]]);
  const added = await backend.update(keyOf("a"), { add: new Map([[name, 2]]), expect: absent }, LONG);
  assert.deepEqual(added, { outcome: "ok", current: new Map([[name, "2"]]) });
  const refused = await backend.update(keyOf("a"), { expect: absent }, LONG);
  assert.deepEqual(refused, { outcome: "conflict", current: new Map([[name, "2"]]) });
  await backend.rename(keyOf("a"), keyOf("b"), { set: new Map([[name, "3"]]) }, LONG, 10_000);
  assert.equal((await backend.read(keyOf("a")))?.attributes.get(name), "2");
  assert.equal((await backend.read(keyOf("b")))?.attributes.get(name), "3");
  await backend.update(keyOf("b"), { remove: [name] }, LONG);
  assert.deepEqual(new Map((await backend.read(keyOf("b")))!.attributes), new Map([["other", "1"]]));
}
