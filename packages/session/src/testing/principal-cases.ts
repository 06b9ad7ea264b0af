import assert from "node:assert/strict";
import type { PrincipalIndex } from "../backend.ts";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

const ADA = keyOf("principal ada");
const BOB = keyOf("principal bob");

/** {@link PrincipalIndex}: whose sessions they are, how many may be, and an end to all of them. */
export const PRINCIPAL_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "principal: nobody known has no sessions, and leaving is no error",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      assert.deepEqual(await index.principalSessions(ADA), []);
      await index.unlinkPrincipal(ADA, keyOf("a"));
    },
  },
  {
    name: "principal: sessions are listed in order of entry, with what was noted, each under its own",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      for (const label of ["c", "a", "b"]) {
        const answer = await index.linkPrincipal(ADA, keyOf(label), `note 🍪 ${label}`, LONG);
        assert.deepEqual(answer, { outcome: "ok", evict: [] });
      }
      await index.linkPrincipal(BOB, keyOf("d"), "", LONG);
      assert.deepEqual(
        await index.principalSessions(ADA),
        ["c", "a", "b"].map((label) => ({ key: keyOf(label), entry: `note 🍪 ${label}` })),
      );
      assert.deepEqual(await index.principalSessions(BOB), [{ key: keyOf("d"), entry: "" }]);
    },
  },
  {
    name: "principal: entering again replaces the note and the lifetime, and keeps the place",
    run: async ({ subject, short, pass }) => {
      const index = indexOf(subject);
      await index.linkPrincipal(ADA, keyOf("a"), "1", short);
      await index.linkPrincipal(ADA, keyOf("b"), "2", LONG);
      await index.linkPrincipal(ADA, keyOf("a"), "3", LONG);
      await pass(short.idleMs);
      assert.deepEqual(await entries(index), ["3", "2"]);
    },
  },
  {
    name: "principal: who leaves is not listed",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      for (const label of ["a", "b"]) await index.linkPrincipal(ADA, keyOf(label), label, LONG);
      await index.unlinkPrincipal(ADA, keyOf("a"));
      await index.unlinkPrincipal(BOB, keyOf("b"));
      assert.deepEqual(await entries(index), ["b"]);
    },
  },
  {
    name: "principal: an entry whose lifetime has passed is neither listed nor counted",
    run: async ({ subject, short, pass }) => {
      const index = indexOf(subject);
      await index.linkPrincipal(ADA, keyOf("idle"), "idle", short);
      await index.linkPrincipal(ADA, keyOf("capped"), "capped", { ...LONG, absoluteMs: short.idleMs });
      await index.linkPrincipal(ADA, keyOf("over"), "over", { idleMs: 0 });
      await pass(short.idleMs);
      assert.deepEqual(await entries(index), []);
      const limit = { max: 1, policy: "reject" } as const;
      assert.equal((await index.linkPrincipal(ADA, keyOf("b"), "b", LONG, limit)).outcome, "ok");
      assert.deepEqual(await entries(index), ["b"]);
    },
  },
  {
    name: "principal: reject answers limit and enters nothing; one that is in already may enter again",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      const limit = { max: 2, policy: "reject" } as const;
      const link = (label: string) => index.linkPrincipal(ADA, keyOf(label), label, LONG, limit);
      assert.equal((await link("a")).outcome, "ok");
      assert.equal((await link("b")).outcome, "ok");
      assert.deepEqual(await link("c"), { outcome: "limit", evict: [] });
      assert.equal((await link("a")).outcome, "ok");
      assert.deepEqual(await entries(index), ["a", "b"]);
      await index.unlinkPrincipal(ADA, keyOf("a"));
      assert.equal((await link("c")).outcome, "ok");
    },
  },
  {
    name: "principal: evict-oldest enters and names the oldest, who stay listed until they leave",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      for (const label of ["a", "b", "c"]) await index.linkPrincipal(ADA, keyOf(label), label, LONG);
      const limit = { max: 2, policy: "evict-oldest" } as const;
      const first = await index.linkPrincipal(ADA, keyOf("d"), "d", LONG, limit);
      assert.deepEqual(first, { outcome: "ok", evict: [keyOf("a"), keyOf("b")] });
      await index.unlinkPrincipal(ADA, keyOf("a"));
      const second = await index.linkPrincipal(ADA, keyOf("d"), "d", LONG, limit);
      assert.deepEqual(second, { outcome: "ok", evict: [keyOf("b")] });
      await index.unlinkPrincipal(ADA, keyOf("b"));
      assert.deepEqual(await entries(index), ["c", "d"]);
    },
  },
  {
    name: "principal: who takes another's place counts as one with it, is as old, and is evicted with it",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      for (const label of ["a", "b"]) await index.linkPrincipal(ADA, keyOf(label), label, LONG);
      await index.linkPrincipal(ADA, keyOf("a2"), "a2", LONG, undefined, keyOf("a"));
      await index.linkPrincipal(ADA, keyOf("c"), "c", LONG, undefined, keyOf("unknown"));
      assert.deepEqual((await entries(index)).sort(), ["a", "a2", "b", "c"]);
      const link = (label: string, max: number, policy: "reject" | "evict-oldest") =>
        index.linkPrincipal(ADA, keyOf(label), label, LONG, { max, policy });
      assert.deepEqual(await link("d", 3, "reject"), { outcome: "limit", evict: [] });
      assert.equal((await link("d", 4, "reject")).outcome, "ok");
      const { evict } = await link("e", 4, "evict-oldest");
      assert.deepEqual([...evict].sort(), [keyOf("a"), keyOf("a2")].sort());
      for (const label of ["a", "b", "c", "e"]) await index.unlinkPrincipal(ADA, keyOf(label));
      assert.deepEqual(await entries(index), ["a2", "d"]);
    },
  },
  {
    name: "principal: parallel links and unlinks: who left is not listed, and everybody else is",
    run: async ({ subject }) => {
      const [index, other] = [indexOf(subject), indexOf({ backend: subject.sibling ?? subject.backend })];
      const labels = Array.from({ length: 60 }, (_, number) => `session ${number}`);
      await Promise.all(
        labels.map(async (label, number) => {
          const [one, two] = number % 2 ? [index, other] : [other, index];
          await one.linkPrincipal(ADA, keyOf(label), label, LONG);
          if (number % 3 === 0) await two.unlinkPrincipal(ADA, keyOf(label));
        }),
      );
      const stay = labels.filter((_, number) => number % 3 !== 0);
      assert.deepEqual((await entries(index)).sort(), stay.sort());
    },
  },
  {
    name: "principal: parallel links under a limit never let more in",
    run: async ({ subject }) => {
      const [index, other] = [indexOf(subject), indexOf({ backend: subject.sibling ?? subject.backend })];
      const limit = { max: 3, policy: "reject" } as const;
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, number) =>
          (number % 2 ? index : other).linkPrincipal(ADA, keyOf(`${number}`), `${number}`, LONG, limit),
        ),
      );
      assert.equal(answers.filter(({ outcome }) => outcome === "ok").length, 3);
      assert.equal((await entries(index)).length, 3);
    },
  },
  {
    name: "principal: the index and the sessions do not meet",
    run: async ({ subject }) => {
      const index = indexOf(subject);
      await index.linkPrincipal(ADA, keyOf("a"), "a", LONG);
      assert.equal(await subject.backend.read(ADA), null);
      assert.equal(await subject.backend.read(keyOf("a")), null);
      await subject.backend.create(ADA, new Map(), LONG);
      await subject.backend.destroy(ADA, 1_000);
      assert.deepEqual(await entries(index), ["a"]);
    },
  },
];

function indexOf({ backend }: Pick<BackendSubject, "backend">): PrincipalIndex {
  assert.ok(
    backend.linkPrincipal && backend.unlinkPrincipal && backend.principalSessions,
    "the backend keeps a principal index, or the limits declare `principals: false`",
  );
  return backend as PrincipalIndex;
}

async function entries(index: PrincipalIndex): Promise<string[]> {
  return (await index.principalSessions(ADA)).map(({ entry }) => entry);
}
