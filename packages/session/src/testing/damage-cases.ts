import assert from "node:assert/strict";
import { type BackendSubject, type Case, keyOf, LONG, type Stage } from "./subject.ts";

/** By code, since a backend's copy of the error classes may be another than the suite's. */
const ERRORS = {
  damaged: { code: "ERR_UNSTICK_DAMAGED" },
  newer: { code: "ERR_UNSTICK_NEWER_RECORD" },
} as const;

/** Records that this release cannot read: told apart, left alone, and ended when asked. */
export const DAMAGE_CASES: readonly Case<BackendSubject>[] = [
  ...leftAlone("damaged"),
  ...leftAlone("newer"),
  ...ended("damaged"),
  ...ended("newer"),
];

type Kind = keyof typeof ERRORS;

function leftAlone(kind: Kind): readonly Case<BackendSubject>[] {
  return [
    {
      name: `${kind}: read, update, touch and rename reject, and the record is left as it is`,
      run: async (stage: Stage<BackendSubject>) => {
        const backend = await damaged(stage, kind);
        for (let round = 0; round < 2; round += 1) {
          await assert.rejects(async () => backend.read(keyOf("a")), ERRORS[kind]);
          await assert.rejects(
            async () => backend.update(keyOf("a"), { set: new Map([["n", "2"]]) }, LONG),
            ERRORS[kind],
          );
          await assert.rejects(async () => backend.touch(keyOf("a"), LONG), ERRORS[kind]);
          await assert.rejects(
            async () => backend.rename(keyOf("a"), keyOf("b"), {}, LONG, 1_000),
            ERRORS[kind],
          );
        }
        assert.equal(await backend.read(keyOf("b")), null);
      },
    },
  ];
}

function ended(kind: Kind): readonly Case<BackendSubject>[] {
  return [
    {
      name: `${kind}: create answers taken, destroy ends it`,
      run: async (stage: Stage<BackendSubject>) => {
        const backend = await damaged(stage, kind);
        assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "taken");
        assert.deepEqual(await backend.destroy(keyOf("a"), 10_000), { outcome: "ok" });
        assert.equal(await backend.read(keyOf("a")), null);
        assert.equal(await backend.create(keyOf("a"), new Map(), LONG), "gone");
      },
    },
    {
      name: `${kind}: the error shows neither the key nor a value`,
      run: async (stage: Stage<BackendSubject>) => {
        const backend = await damaged(stage, kind);
        await assert.rejects(
          async () => backend.read(keyOf("a")),
          (error: Error) => {
            assert.ok(!String(error.stack).includes(keyOf("a")));
            assert.ok(!error.message.includes("a secret"));
            return true;
          },
        );
      },
    },
    {
      name: `${kind}: a rename onto it ends the session`,
      run: async (stage: Stage<BackendSubject>) => {
        const backend = await damaged(stage, kind);
        await backend.create(keyOf("b"), new Map(), LONG);
        assert.deepEqual(await backend.rename(keyOf("b"), keyOf("a"), {}, LONG, 1_000), { outcome: "gone" });
        assert.equal(await backend.read(keyOf("b")), null);
        await assert.rejects(async () => backend.read(keyOf("a")), ERRORS[kind]);
      },
    },
  ];
}

async function damaged({ subject }: Stage<BackendSubject>, kind: Kind): Promise<BackendSubject["backend"]> {
  await subject.backend.create(keyOf("a"), new Map([["n", "a secret"]]), LONG);
  assert.ok(subject.damage, "the factory gives damage(), or the limits declare `damage: false`");
  await subject.damage(keyOf("a"), kind);
  return subject.backend;
}
