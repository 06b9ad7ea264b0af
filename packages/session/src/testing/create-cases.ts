import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

/** `read` and `create`: missing, taken, gone, and nothing changed where nothing was to be changed. */
export const CREATE_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "read: a key that was never stored is null",
    run: async ({ subject: { backend } }) => {
      assert.equal(await backend.read(keyOf("a")), null);
    },
  },
  {
    name: "create: stores the attributes, their age and the time left",
    run: async ({ subject: { backend } }) => {
      assert.equal(await backend.create(keyOf("a"), new Map([["user", "ada"]]), LONG), "ok");
      const session = await backend.read(keyOf("a"));
      assert.ok(session);
      assert.deepEqual(new Map(session.attributes), new Map([["user", "ada"]]));
      assert.ok(session.remainingMs > 0 && session.remainingMs <= LONG.idleMs);
      assert.ok(session.ageMs >= 0 && session.ageMs < LONG.idleMs);
      assert.ok(Number.isInteger(session.remainingMs) && Number.isInteger(session.ageMs));
      assert.equal(session.movedTo, undefined);
    },
  },
  {
    name: "create: a session without attributes is a session",
    run: async ({ subject: { backend } }) => {
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
      assert.equal((await backend.read(keyOf("a")))?.attributes.size, 0);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "taken");
    },
  },
  {
    name: "create: a live key is taken, and nothing is changed",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      assert.equal(await backend.create(keyOf("a"), new Map([["n", "2"]]), { idleMs: 1 }), "taken");
      const session = await backend.read(keyOf("a"));
      assert.equal(session?.attributes.get("n"), "1");
      assert.ok(session.remainingMs > LONG.idleMs / 2);
    },
  },
  {
    name: "create: a destroyed key is gone until its tombstone falls, then it is free",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      assert.deepEqual(await backend.destroy(keyOf("a"), short.idleMs), { outcome: "ok" });
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
      assert.equal(await backend.read(keyOf("a")), null);
      await pass(short.idleMs);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
    },
  },
  {
    name: "create: an expired key is free, and nothing of the old session is left",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.create(keyOf("a"), new Map([["old", "1"]]), short);
      await pass(short.idleMs);
      assert.equal(await backend.create(keyOf("a"), new Map([["new", "2"]]), LONG), "ok");
      const session = await backend.read(keyOf("a"));
      assert.deepEqual(new Map(session?.attributes), new Map([["new", "2"]]));
    },
  },
  {
    name: "create: the caller's map may change afterwards",
    run: async ({ subject: { backend } }) => {
      const attributes = new Map([["n", "1"]]);
      await backend.create(keyOf("a"), attributes, LONG);
      attributes.set("n", "2");
      const session = await backend.read(keyOf("a"));
      assert.equal(session?.attributes.get("n"), "1");
    },
  },
  {
    name: "read: what it answers is a snapshot, of which nothing leads back to what is stored",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      const before = await backend.read(keyOf("a"));
      await backend.update(keyOf("a"), { set: new Map([["n", "2"]]) }, LONG);
      const after = await backend.read(keyOf("a"));
      assert.deepEqual([before?.attributes.get("n"), after?.attributes.get("n")], ["1", "2"]);
      try {
        (after!.attributes as Map<string, string>).set("n", "3");
      } catch {
        // What has no such method needs no copy.
      }
      assert.equal((await backend.read(keyOf("a")))?.attributes.get("n"), "2");
    },
  },
  {
    name: "keys do not meet, not even keys that differ in letter case only",
    run: async ({ subject: { backend } }) => {
      const upper = "A".repeat(43);
      await backend.create(upper, new Map([["n", "1"]]), LONG);
      assert.equal(await backend.read("a".repeat(43)), null);
      assert.equal(await backend.create("_-".repeat(21).concat("A"), new Map(), LONG), "ok");
      await backend.destroy("a".repeat(43), 1_000);
      assert.equal((await backend.read(upper))?.attributes.get("n"), "1");
    },
  },
];
