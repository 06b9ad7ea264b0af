import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

/** `destroy`: what ended stays ended while its tombstone stands. */
export const DESTROY_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "destroy: ends a session for every verb",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      assert.deepEqual(await backend.destroy(keyOf("a"), 10_000), { outcome: "ok" });
      assert.equal(await backend.read(keyOf("a")), null);
      assert.equal(await backend.touch(keyOf("a"), LONG), "gone");
      assert.deepEqual(await backend.update(keyOf("a"), {}, LONG), { outcome: "gone" });
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 1_000), { outcome: "gone" });
      assert.deepEqual(await backend.destroy(keyOf("a"), 10_000), { outcome: "gone" });
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
    },
  },
  {
    name: "destroy: with no session is gone, and leaves a tombstone all the same",
    run: async ({ subject: { backend }, short, pass }) => {
      assert.deepEqual(await backend.destroy(keyOf("a"), short.idleMs), { outcome: "gone" });
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
      await pass(short.idleMs);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
    },
  },
  {
    name: "destroy: a tombstone that stands is lengthened, never shortened",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.destroy(keyOf("a"), 60_000);
      await backend.destroy(keyOf("a"), short.idleMs);
      await backend.destroy(keyOf("a"), 0);
      await backend.destroy(keyOf("b"), short.idleMs);
      await backend.destroy(keyOf("b"), 60_000);
      await pass(short.idleMs);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
      assert.equal(await backend.create(keyOf("b"), new Map(), LONG), "gone");
    },
  },
  {
    name: "destroy: a tombstone of zero or less is none",
    run: async ({ subject: { backend } }) => {
      for (const tombstoneMs of [0, -1]) {
        await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
        assert.deepEqual(await backend.destroy(keyOf("a"), tombstoneMs), { outcome: "ok" });
        assert.equal(await backend.read(keyOf("a")), null);
        assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
        await backend.destroy(keyOf("a"), 0);
      }
    },
  },
  {
    name: "destroy: a refused create does not lengthen the tombstone",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.destroy(keyOf("a"), short.idleMs);
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.touch(keyOf("a"), LONG);
      await pass(short.idleMs);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
    },
  },
  {
    name: "destroy: ends the session it names, and no other",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map(), LONG);
      await backend.create(keyOf("b"), new Map([["n", "1"]]), LONG);
      await backend.destroy(keyOf("a"), 10_000);
      assert.equal((await backend.read(keyOf("b")))?.attributes.get("n"), "1");
    },
  },
];
