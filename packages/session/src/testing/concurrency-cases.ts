import assert from "node:assert/strict";
import type { Answer } from "../backend.ts";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

const PARALLEL = 100;

/** Many callers at once, from this handle and from the sibling: nothing lost, one winner. */
export const CONCURRENCY_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "parallel increments lose nothing, and each is told a sum of its own",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map(), LONG);
      const answers = await all(subject, (backend) =>
        backend.update(keyOf("a"), { add: new Map([["n", 1]]) }, LONG),
      );
      const sums = answers.map((answer) => (answer.outcome === "ok" ? Number(answer.current.get("n")) : NaN));
      assert.deepEqual(
        sums.sort((x, y) => x - y),
        Array.from({ length: PARALLEL }, (_, index) => index + 1),
      );
    },
  },
  {
    name: "parallel writes to different attributes lose nothing",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map(), LONG);
      await all(subject, (backend, index) =>
        backend.update(keyOf("a"), { set: new Map([[`n${index}`, "1"]]) }, LONG),
      );
      assert.equal((await subject.backend.read(keyOf("a")))?.attributes.size, PARALLEL);
    },
  },
  {
    name: "parallel repetitions of one token are applied once",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map(), LONG);
      const token = { writer: "w", sequence: 1 };
      await all(subject, (backend) => backend.update(keyOf("a"), { add: new Map([["n", 1]]) }, LONG, token));
      assert.equal((await subject.backend.read(keyOf("a")))?.attributes.get("n"), "1");
    },
  },
  {
    name: "of parallel creates exactly one is ok, and its attributes stand",
    run: async ({ subject }) => {
      const answers = await all(subject, (backend, index) =>
        backend.create(keyOf("a"), new Map([["by", `${index}`]]), LONG),
      );
      assert.equal(answers.filter((answer) => answer === "ok").length, 1);
      const by = (await subject.backend.read(keyOf("a")))?.attributes.get("by");
      assert.equal(by, `${answers.indexOf("ok")}`);
    },
  },
  {
    name: "of parallel writes that expect the same value exactly one applies",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map([["n", "0"]]), LONG);
      const answers = await all(subject, (backend, index) => {
        const change = { set: new Map([["n", `${index + 1}`]]), expect: new Map([["n", "0"]]) };
        return backend.update(keyOf("a"), change, LONG);
      });
      const winners = answers.flatMap(({ outcome }, index) => (outcome === "ok" ? [`${index + 1}`] : []));
      assert.deepEqual(winners, [(await subject.backend.read(keyOf("a")))?.attributes.get("n")]);
    },
  },
  {
    name: "of parallel renames exactly one is ok, the others are moved to its key",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map([["n", "1"]]), LONG);
      const answers = await all(subject, (backend, index) =>
        backend.rename(keyOf("a"), keyOf(`to ${index}`), {}, LONG, 60_000),
      );
      const winner = answers.findIndex(({ outcome }) => outcome === "ok");
      const moved = answers.filter(
        (answer) => answer.outcome === "moved" && answer.movedTo === keyOf(`to ${winner}`),
      );
      assert.equal(moved.length, PARALLEL - 1);
      const live = await all(subject, (backend, index) => backend.read(keyOf(`to ${index}`)));
      assert.deepEqual(
        live.flatMap((session, index) => (session === null ? [] : [index])),
        [winner],
      );
    },
  },
  {
    name: "a destroy among parallel writes ends the session for good: none revives it",
    run: async ({ subject }) => {
      for (let round = 0; round < 10; round += 1) {
        const key = keyOf(`round ${round}`);
        await subject.backend.create(key, new Map(), LONG);
        await all(subject, (backend, index): Answer<unknown> => {
          if (index === PARALLEL / 2) return backend.destroy(key, 60_000);
          if (index % 3 === 0) return backend.touch(key, LONG);
          if (index % 3 === 1) return backend.create(key, new Map(), LONG);
          return backend.update(key, { set: new Map([["n", `${index}`]]) }, LONG);
        });
        assert.equal(await subject.backend.read(key), null);
      }
    },
  },
  {
    name: "a rename among parallel increments loses none that was acknowledged",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map([["n", "0"]]), LONG);
      const answers = await all(subject, (backend, index): Answer<{ outcome: string }> => {
        if (index === PARALLEL / 2) return backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 60_000);
        return backend.update(keyOf("a"), { add: new Map([["n", 1]]) }, LONG);
      });
      const applied = answers.filter(({ outcome }) => outcome === "ok").length - 1;
      assert.equal((await subject.backend.read(keyOf("b")))?.attributes.get("n"), `${applied}`);
    },
  },
  {
    name: "what one handle was told is stored is what the other reads",
    run: async ({ subject }) => {
      const sibling = subject.sibling ?? subject.backend;
      for (let round = 0; round < 50; round += 1) {
        const key = keyOf(`round ${round}`);
        await subject.backend.create(key, new Map([["n", "1"]]), LONG);
        assert.equal((await sibling.read(key))?.attributes.get("n"), "1");
        await sibling.update(key, { set: new Map([["n", "2"]]) }, LONG);
        assert.equal((await subject.backend.read(key))?.attributes.get("n"), "2");
        await subject.backend.destroy(key, 0);
        assert.equal(await sibling.read(key), null);
      }
    },
  },
];

function all<T>(
  { backend, sibling = backend }: BackendSubject,
  call: (backend: BackendSubject["backend"], index: number) => Answer<T>,
): Promise<T[]> {
  const calls = Array.from({ length: PARALLEL }, (_, index) => call(index % 2 ? sibling : backend, index));
  return Promise.all(calls);
}
