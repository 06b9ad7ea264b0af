import assert from "node:assert/strict";
import type { SharedState } from "../shared-state.ts";
import type { Case, Stage, StateSubject } from "./subject.ts";

const LONG_MS = 600_000;
const UNKNOWN = { outcome: "unknown" };
const USED = { outcome: "used" };

/** `add`, `put`, `get`, `take` and `remove`, each by its sentence. */
export const STATE_CASES: readonly Case<StateSubject>[] = [
  {
    name: "state: a key that was never stored is null, unknown and not removed",
    run: async ({ subject: { state } }) => {
      assert.equal(await state.get("k"), null);
      assert.deepEqual(await state.take("k"), UNKNOWN);
      assert.equal(await state.remove("k"), false);
    },
  },
  {
    name: "add: stores only where the key is free",
    run: async ({ subject: { state } }) => {
      assert.equal(await state.add("k", "1", LONG_MS), true);
      assert.equal(await state.add("k", "2", LONG_MS), false);
      assert.equal(await state.get("k"), "1");
    },
  },
  {
    name: "add: a refused one does not lengthen the life of what is there",
    run: async ({ subject: { state }, short, pass }) => {
      await state.add("k", "1", short.idleMs);
      await state.add("k", "2", LONG_MS);
      await pass(short.idleMs);
      assert.equal(await state.get("k"), null);
      assert.equal(await state.add("k", "3", LONG_MS), true);
    },
  },
  {
    name: "put: stores whatever was there, with the new lifetime",
    run: async ({ subject: { state }, short, pass }) => {
      await state.put("a", "1", LONG_MS);
      await state.put("a", "2", short.idleMs);
      await state.put("b", "1", short.idleMs);
      await state.put("b", "2", LONG_MS);
      assert.equal(await state.get("a"), "2");
      await pass(short.idleMs);
      assert.equal(await state.get("a"), null);
      assert.equal(await state.get("b"), "2");
    },
  },
  {
    name: "get: takes nothing away",
    run: async ({ subject: { state } }) => {
      await state.put("k", "1", LONG_MS);
      for (let read = 0; read < 3; read += 1) assert.equal(await state.get("k"), "1");
    },
  },
  {
    name: "take: the value once, then unknown",
    run: async ({ subject: { state } }) => {
      await state.put("k", "1", LONG_MS);
      assert.deepEqual(await state.take("k"), { outcome: "taken", value: "1" });
      assert.deepEqual(await state.take("k"), UNKNOWN);
      assert.equal(await state.get("k"), null);
      assert.equal(await state.add("k", "2", LONG_MS), true);
    },
  },
  {
    name: "take: with a tombstone, used from then on until it falls",
    run: async ({ subject: { state }, short, pass }) => {
      await state.put("k", "1", LONG_MS);
      const options = { tombstoneMs: short.idleMs };
      assert.deepEqual(await state.take("k", options), { outcome: "taken", value: "1" });
      assert.deepEqual(await state.take("k"), USED);
      assert.deepEqual(await state.take("k", { tombstoneMs: LONG_MS }), USED);
      assert.equal(await state.get("k"), null);
      assert.equal(await state.add("k", "2", LONG_MS), false);
      await pass(short.idleMs);
      assert.deepEqual(await state.take("k"), UNKNOWN);
      assert.equal(await state.add("k", "2", LONG_MS), true);
    },
  },
  {
    name: "take: leaves no tombstone where there was nothing, nor one of zero or less",
    run: async ({ subject: { state } }) => {
      assert.deepEqual(await state.take("k", { tombstoneMs: LONG_MS }), UNKNOWN);
      assert.deepEqual(await state.take("k", { tombstoneMs: LONG_MS }), UNKNOWN);
      for (const tombstoneMs of [0, -1]) {
        await state.put("k", "1", LONG_MS);
        assert.equal((await state.take("k", { tombstoneMs })).outcome, "taken");
        assert.deepEqual(await state.take("k"), UNKNOWN);
      }
    },
  },
  {
    name: "put and remove: clear a tombstone",
    run: async ({ subject: { state } }) => {
      for (const key of ["a", "b"]) {
        await state.put(key, "1", LONG_MS);
        await state.take(key, { tombstoneMs: LONG_MS });
      }
      await state.put("a", "2", LONG_MS);
      assert.deepEqual(await state.take("a"), { outcome: "taken", value: "2" });
      assert.equal(await state.remove("b"), false);
      assert.deepEqual(await state.take("b"), UNKNOWN);
    },
  },
  {
    name: "remove: answers whether there was a live value",
    run: async ({ subject: { state }, short, pass }) => {
      await state.put("a", "1", LONG_MS);
      await state.put("b", "1", short.idleMs);
      assert.equal(await state.remove("a"), true);
      assert.equal(await state.remove("a"), false);
      assert.equal(await state.get("a"), null);
      await pass(short.idleMs);
      assert.equal(await state.remove("b"), false);
    },
  },
  {
    name: "lifetime: a value that has expired is null, unknown and free",
    run: async ({ subject: { state }, short, pass }) => {
      await state.add("a", "1", short.idleMs);
      await state.put("b", "1", short.idleMs);
      await pass(short.idleMs);
      assert.equal(await state.get("a"), null);
      assert.deepEqual(await state.take("b", { tombstoneMs: LONG_MS }), UNKNOWN);
      assert.equal(await state.add("b", "2", LONG_MS), true);
    },
  },
  ...[0, -1].map((lifetimeMs) => ({
    name: `lifetime: ${lifetimeMs} ms is over at once`,
    run: async ({ subject: { state } }: Stage<StateSubject>) => {
      assert.equal(await state.add("a", "1", lifetimeMs), true);
      assert.equal(await state.get("a"), null);
      await state.put("b", "1", LONG_MS);
      assert.equal(await state.add("b", "2", lifetimeMs), false);
      await state.put("b", "2", lifetimeMs);
      assert.equal(await state.get("b"), null);
      assert.equal(await state.add("b", "3", LONG_MS), true);
    },
  })),
  ...parallelCases(),
];

const PARALLEL = 100;

function parallelCases(): readonly Case<StateSubject>[] {
  const wins = async (
    { state, sibling = state }: StateSubject,
    call: (state: SharedState) => Promise<boolean>,
  ): Promise<number> => {
    const calls = Array.from({ length: PARALLEL }, (_, index) => call(index % 2 ? sibling : state));
    return (await Promise.all(calls)).filter(Boolean).length;
  };
  return [
    {
      name: "of parallel takes exactly one gets the value",
      run: async ({ subject }) => {
        for (const options of [{}, { tombstoneMs: LONG_MS }]) {
          await subject.state.put("k", "1", LONG_MS);
          const taken = await wins(subject, async (s) => (await s.take("k", options)).outcome === "taken");
          assert.equal(taken, 1);
        }
      },
    },
    {
      name: "of parallel adds exactly one is stored",
      run: async ({ subject }) => {
        assert.equal(await wins(subject, (state) => state.add("k", "1", LONG_MS)), 1);
      },
    },
    {
      name: "of parallel removes exactly one removed it",
      run: async ({ subject }) => {
        await subject.state.put("k", "1", LONG_MS);
        assert.equal(await wins(subject, (state) => state.remove("k")), 1);
      },
    },
  ];
}
