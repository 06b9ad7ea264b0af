import assert from "node:assert/strict";
import type { Lifetime } from "../backend.ts";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

const OVER: Lifetime = { idleMs: 0 };

/** Deadlines: the sooner of idle and absolute, by the backend's clock; what is over stays over. */
export const LIFETIME_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "lifetime: a session ends when its idle lifetime has passed",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), short);
      await pass(short.idleMs);
      assert.equal(await backend.read(keyOf("a")), null);
      assert.equal(await backend.touch(keyOf("a"), LONG), "gone");
      assert.deepEqual(await backend.update(keyOf("a"), {}, LONG), { outcome: "gone" });
      assert.deepEqual(await backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 1_000), { outcome: "gone" });
      assert.deepEqual(await backend.destroy(keyOf("a"), 0), { outcome: "gone" });
      assert.equal(await backend.read(keyOf("b")), null);
    },
  },
  {
    name: "lifetime: the absolute lifetime caps the idle one, counted from the creation",
    run: async ({ subject: { backend }, short, pass }) => {
      const capped = { idleMs: LONG.idleMs, absoluteMs: short.idleMs };
      await backend.create(keyOf("a"), new Map(), capped);
      assert.ok((await backend.read(keyOf("a")))!.remainingMs <= short.idleMs);
      await pass(short.idleMs);
      assert.equal(await backend.read(keyOf("a")), null);
    },
  },
  {
    name: "lifetime: the idle lifetime caps the absolute one",
    run: async ({ subject: { backend }, short, pass }) => {
      await backend.create(keyOf("a"), new Map(), { ...short, absoluteMs: LONG.idleMs });
      await pass(short.idleMs);
      assert.equal(await backend.read(keyOf("a")), null);
    },
  },
  ...movedBy("touch", (backend, lifetime) => backend.touch(keyOf("a"), lifetime)),
  ...movedBy("update", (backend, lifetime) => backend.update(keyOf("a"), {}, lifetime)),
  ...endedBy("touch", (backend, lifetime) => backend.touch(keyOf("a"), lifetime)),
  ...endedBy("update", (backend, lifetime) => backend.update(keyOf("a"), {}, lifetime)),
  {
    name: "touch: changes no attribute",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      assert.equal(await backend.touch(keyOf("a"), LONG), "ok");
      assert.deepEqual(new Map((await backend.read(keyOf("a")))!.attributes), new Map([["n", "1"]]));
    },
  },
  {
    name: "touch: revives neither an unknown nor a destroyed session",
    run: async ({ subject: { backend } }) => {
      assert.equal(await backend.touch(keyOf("a"), LONG), "gone");
      await backend.create(keyOf("b"), new Map(), LONG);
      await backend.destroy(keyOf("b"), 10_000);
      assert.equal(await backend.touch(keyOf("b"), LONG), "gone");
      assert.equal(await backend.read(keyOf("a")), null);
      assert.equal(await backend.read(keyOf("b")), null);
    },
  },
  ...[0, -1, -86_400_000].map((idleMs) => ({
    name: `create: with ${idleMs} ms answers ok, stores nothing and leaves the key free`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      assert.equal(await backend.create(keyOf("a"), new Map([["n", "1"]]), { idleMs }), "ok");
      assert.equal(await backend.read(keyOf("a")), null);
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
    },
  })),
  {
    name: "create: with a lifetime that is over still answers taken and gone",
    run: async ({ subject: { backend } }) => {
      await backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      assert.equal(await backend.create(keyOf("a"), new Map(), OVER), "taken");
      assert.equal((await backend.read(keyOf("a")))?.attributes.get("n"), "1");
      await backend.destroy(keyOf("a"), 10_000);
      assert.equal(await backend.create(keyOf("a"), new Map(), OVER), "gone");
    },
  },
  {
    name: "lifetime: thirty years are as good as ten minutes",
    run: async ({ subject: { backend } }) => {
      const years = { idleMs: 30 * 365 * 86_400_000, absoluteMs: 40 * 365 * 86_400_000 };
      assert.equal(await backend.create(keyOf("a"), new Map(), years), "ok");
      assert.equal(await backend.touch(keyOf("a"), years), "ok");
      assert.ok((await backend.read(keyOf("a")))!.remainingMs > years.idleMs - 60_000);
    },
  },
];

type Move = (backend: BackendSubject["backend"], lifetime: Lifetime) => unknown;

function movedBy(verb: string, move: Move): readonly Case<BackendSubject>[] {
  return [
    {
      name: `${verb}: moves the deadline further away`,
      run: async ({ subject: { backend }, short, pass }) => {
        await backend.create(keyOf("a"), new Map(), short);
        await move(backend, LONG);
        await pass(short.idleMs);
        assert.ok(await backend.read(keyOf("a")));
      },
    },
    {
      name: `${verb}: moves the deadline nearer`,
      run: async ({ subject: { backend }, short, pass }) => {
        await backend.create(keyOf("a"), new Map(), LONG);
        await move(backend, short);
        assert.ok((await backend.read(keyOf("a")))!.remainingMs <= short.idleMs);
        await pass(short.idleMs);
        assert.equal(await backend.read(keyOf("a")), null);
      },
    },
    {
      name: `${verb}: never past the absolute lifetime, however often`,
      run: async ({ subject: { backend }, short, pass }) => {
        const capped = { idleMs: LONG.idleMs, absoluteMs: 3 * short.idleMs };
        await backend.create(keyOf("a"), new Map(), capped);
        await pass(short.idleMs);
        await move(backend, capped);
        assert.ok((await backend.read(keyOf("a")))!.remainingMs <= 2 * short.idleMs);
        await pass(2 * short.idleMs);
        assert.equal(await backend.read(keyOf("a")), null);
      },
    },
  ];
}

/** A lifetime that is over ends the session: answered as ever, nothing alive, no tombstone. */
function endedBy(verb: string, move: Move): readonly Case<BackendSubject>[] {
  const over: readonly [string, Lifetime][] = [
    ["0 ms idle", OVER],
    ["a negative idle lifetime", { idleMs: -5_000 }],
    ["an absolute lifetime that has passed", { idleMs: LONG.idleMs, absoluteMs: 0 }],
  ];
  return over.map(([what, lifetime]) => ({
    name: `${verb}: with ${what} answers ok and ends the session without a tombstone`,
    run: async ({ subject: { backend } }: Stage<BackendSubject>) => {
      await backend.create(keyOf("a"), new Map([["old", "1"]]), LONG);
      const answer = await move(backend, lifetime);
      if (verb === "touch") assert.equal(answer, "ok");
      else assert.deepEqual(answer, { outcome: "ok", current: new Map() });
      assert.equal(await backend.read(keyOf("a")), null);
      assert.equal(await backend.touch(keyOf("a"), LONG), "gone");
      assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "ok");
      assert.equal((await backend.read(keyOf("a")))!.attributes.size, 0);
    },
  }));
}
