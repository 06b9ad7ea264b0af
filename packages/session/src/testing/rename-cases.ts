import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

const MOVED = { outcome: "moved", movedTo: keyOf("b") };

/** `rename`: one live key afterwards, whoever asks and however often. */
export const RENAME_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "rename: the session lives on under the new key, changed in the same step",
    run: async (stage) => {
      const { backend } = stage.subject;
      await backend.create(keyOf("a"), new Map(Object.entries({ n: "1", old: "x" })), LONG);
      const change = { set: new Map([["user", "ada"]]), remove: ["old"], add: new Map([["n", 1]]) };
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), change, LONG, 10_000), { outcome: "ok" });
      const session = (await backend.read(keyOf("b")))!;
      assert.deepEqual(Object.fromEntries(session.attributes), { n: "2", user: "ada" });
      assert.equal(session.movedTo, undefined);
    },
  },
  {
    name: "rename: within the grace the old key reads as before, and says where the session went",
    run: async (stage) => {
      const { backend } = stage.subject;
      await renamed(stage, 10_000, { set: new Map([["user", "ada"]]) });
      await backend.update(keyOf("b"), { set: new Map([["later", "1"]]) }, LONG);
      const old = (await backend.read(keyOf("a")))!;
      assert.deepEqual(Object.fromEntries(old.attributes), { n: "1" });
      assert.equal(old.movedTo, keyOf("b"));
      assert.ok(old.remainingMs > 0 && old.remainingMs <= 10_000);
      assert.ok(Number.isInteger(old.ageMs) && old.ageMs >= 0);
    },
  },
  {
    name: "rename: within the grace every write through the old key is moved, and changes nothing",
    run: async (stage) => {
      const { backend } = stage.subject;
      await renamed(stage, 10_000);
      const change = { set: new Map([["n", "9"]]), add: new Map([["m", 1]]) };
      assert.deepEqual(await backend.update(keyOf("a"), change, LONG), MOVED);
      assert.equal(await backend.touch(keyOf("a"), { idleMs: 0 }), "moved");
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
      for (const key of [keyOf("a"), keyOf("b")]) {
        assert.deepEqual(Object.fromEntries((await backend.read(key))!.attributes), { n: "1" });
      }
    },
  },
  {
    name: "rename: the second of two is moved to where the first went",
    run: async (stage) => {
      const { backend } = stage.subject;
      await renamed(stage, 10_000);
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("c"), {}, LONG, 10_000), MOVED);
      assert.equal(await backend.read(keyOf("c")), null);
      assert.equal(await backend.create(keyOf("c"), new Map(), LONG), "ok");
    },
  },
  {
    name: "rename: after the grace the old key is as if destroyed, tombstone included",
    run: async (stage) => {
      const { backend } = stage.subject;
      await renamed(stage, stage.short.idleMs);
      await stage.pass(stage.short.idleMs);
      await isEnded(backend, "a");
      assert.equal((await backend.read(keyOf("b")))?.attributes.get("n"), "1");
    },
  },
  {
    name: "rename: with no grace the old key is ended at once",
    run: async (stage) => {
      await renamed(stage, 0);
      await isEnded(stage.subject.backend, "a");
      assert.ok(await stage.subject.backend.read(keyOf("b")));
    },
  },
  {
    name: "rename: destroying the old key within the grace ends its grace, not the session",
    run: async (stage) => {
      const { backend } = stage.subject;
      await renamed(stage, 10_000);
      assert.deepEqual(await backend.destroy(keyOf("a"), 10_000), MOVED);
      await isEnded(backend, "a");
      assert.ok(await backend.read(keyOf("b")));
    },
  },
  ...takenCases(),
  {
    name: "rename: what is not alive cannot be renamed",
    run: async ({ subject: { backend } }) => {
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 1_000), { outcome: "gone" });
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.destroy(keyOf("a"), 10_000);
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 1_000), { outcome: "gone" });
      assert.equal(await backend.create(keyOf("b"), new Map(), LONG), "ok");
    },
  },
  {
    name: "rename: a conflict tells the values now and changes nothing",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(Object.entries({ n: "x", user: "ada" })), LONG);
      const unexpected = { set: new Map([["n", "1"]]), expect: new Map([["user", null]]) };
      const answers = [unexpected, { add: new Map([["n", 1]]) }].map((change) =>
        backend.rename(keyOf("a"), keyOf("b"), change, LONG, 1_000),
      );
      assert.deepEqual(await Promise.all(answers), [
        { outcome: "conflict", current: new Map([["user", "ada"]]) },
        { outcome: "conflict", current: new Map([["n", "x"]]) },
      ]);
      assert.equal((await backend.read(keyOf("a")))?.movedTo, undefined);
      assert.equal(await backend.touch(keyOf("a"), LONG), "ok");
      assert.equal(await backend.read(keyOf("b")), null);
    },
  },
  {
    name: "rename: keeps the age, and with it the absolute lifetime",
    run: async ({ subject: { backend }, short, pass }) => {
      const capped = { idleMs: LONG.idleMs, absoluteMs: 3 * short.idleMs };
      await backend.create(keyOf("a"), new Map(), capped);
      await pass(short.idleMs);
      await backend.rename(keyOf("a"), keyOf("b"), {}, capped, 0);
      const session = (await backend.read(keyOf("b")))!;
      assert.ok(session.ageMs >= short.idleMs);
      assert.ok(session.remainingMs <= 2 * short.idleMs);
      await pass(2 * short.idleMs);
      assert.equal(await backend.read(keyOf("b")), null);
    },
  },
  {
    name: "rename: keeps the tokens seen, so that a resent write that follows the session is applied once",
    run: async (stage) => {
      const { backend } = stage.subject;
      const write = { writer: "w", sequence: 7 };
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.update(keyOf("a"), { add: new Map([["n", 1]]) }, LONG, write);
      await backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 0);
      const again = await backend.update(keyOf("b"), { add: new Map([["n", 1]]) }, LONG, write);
      assert.deepEqual(again, { outcome: "ok", current: new Map([["n", "1"]]) });
    },
  },
  {
    name: "rename: with a lifetime that is over moves the key to nothing",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      const over = { idleMs: 0 };
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), {}, over, 10_000), { outcome: "ok" });
      assert.equal(await backend.read(keyOf("b")), null);
      assert.deepEqual(await backend.update(keyOf("a"), {}, LONG), MOVED);
    },
  },
  {
    name: "rename: again and again leaves one live key",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("0"), new Map([["n", "1"]]), LONG);
      for (let hop = 0; hop < 20; hop += 1) {
        await backend.rename(keyOf(`${hop}`), keyOf(`${hop + 1}`), {}, LONG, 0);
      }
      for (let hop = 0; hop < 20; hop += 1) assert.equal(await backend.read(keyOf(`${hop}`)), null);
      assert.equal((await backend.read(keyOf("20")))?.attributes.get("n"), "1");
    },
  },
];

/** Onto a key that is taken, whatever holds it: the session ends, and the holder is not touched. */
function takenCases(): readonly Case<BackendSubject>[] {
  const holders: readonly [string, (backend: BackendSubject["backend"]) => unknown][] = [
    ["a live session", (backend) => backend.create(keyOf("t"), new Map([["mine", "1"]]), LONG)],
    ["a tombstone", (backend) => backend.destroy(keyOf("t"), 10_000)],
    [
      "a key in its grace",
      async (backend) => {
        await backend.create(keyOf("t"), new Map([["mine", "1"]]), LONG);
        await backend.rename(keyOf("t"), keyOf("u"), {}, LONG, 10_000);
      },
    ],
  ];
  return holders.map(([what, hold]) => ({
    name: `rename: onto ${what} ends the session`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      await hold(backend);
      const held = await entriesOf(backend, "t");
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("t"), {}, LONG, 10_000), { outcome: "gone" });
      await isEnded(backend, "a");
      assert.deepEqual(await entriesOf(backend, "t"), held);
    },
  }));
}

async function entriesOf(
  backend: BackendSubject["backend"],
  name: string,
): Promise<[string, string][] | null> {
  const session = await backend.read(keyOf(name));
  return session && [...session.attributes];
}

async function renamed(stage: Stage<BackendSubject>, graceMs: number, change = {}): Promise<void> {
  const { backend } = stage.subject;
  await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
  assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), change, LONG, graceMs), { outcome: "ok" });
}

async function isEnded(backend: BackendSubject["backend"], label: string): Promise<void> {
  assert.equal(await backend.read(keyOf(label)), null);
  assert.deepEqual(await backend.update(keyOf(label), {}, LONG), { outcome: "gone" });
  assert.equal(await backend.touch(keyOf(label), LONG), "gone");
  assert.equal(await backend.create(keyOf(label), new Map(), LONG), "gone");
  assert.deepEqual(await backend.destroy(keyOf(label), 10_000), { outcome: "gone" });
}
