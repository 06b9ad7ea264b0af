import assert from "node:assert/strict";
import type { SessionEnumeration, SessionKey } from "../backend.ts";
import { type BackendSubject, type Case, keyOf, LONG } from "./subject.ts";

/** {@link SessionEnumeration}: every live session once, and an end to all of them. */
export const ENUMERATION_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "sessionKeys: nothing stored, nothing given",
    run: async ({ subject }) => {
      assert.deepEqual(await listed(subject), []);
      assert.equal(await enumeration(subject).destroyAll(1_000), 0);
    },
  },
  {
    name: "sessionKeys: gives live sessions only",
    run: async ({ subject, short, pass }) => {
      const { backend } = subject;
      for (const label of ["live", "renamed", "destroyed"])
        await backend.create(keyOf(label), new Map(), LONG);
      await backend.create(keyOf("expired"), new Map(), short);
      await backend.rename(keyOf("renamed"), keyOf("new name"), {}, LONG, 60_000);
      await backend.destroy(keyOf("destroyed"), 60_000);
      await pass(short.idleMs);
      assert.deepEqual(await listed(subject), [keyOf("live"), keyOf("new name")].sort());
    },
  },
  {
    name: "sessionKeys: gives each of a thousand exactly once, while others come and go",
    run: async ({ subject }) => {
      const { backend } = subject;
      const stable = Array.from({ length: 1_000 }, (_, index) => keyOf(`stable ${index}`));
      await Promise.all(stable.map((key) => backend.create(key, new Map([["n", "1"]]), LONG)));
      const seen: SessionKey[] = [];
      for await (const key of enumeration(subject).sessionKeys()) {
        seen.push(key);
        if (seen.length % 10 !== 0) continue;
        const passing = keyOf(`passing ${seen.length}`);
        await backend.create(passing, new Map(), LONG);
        await backend.update(stable[seen.length % 1_000]!, { add: new Map([["n", 1]]) }, LONG);
        await backend.destroy(passing, 60_000);
      }
      const known = new Set(stable);
      assert.deepEqual(seen.filter((key) => known.has(key)).sort(), stable.sort());
    },
  },
  {
    name: "sessionKeys: may be left half-way",
    run: async ({ subject }) => {
      for (const label of ["a", "b", "c"]) await subject.backend.create(keyOf(label), new Map(), LONG);
      for await (const key of enumeration(subject).sessionKeys()) {
        assert.ok(await subject.backend.read(key));
        break;
      }
      assert.equal((await listed(subject)).length, 3);
    },
  },
  {
    name: "destroyAll: ends every session and every grace, with tombstones, and answers how many were alive",
    run: async ({ subject, short, pass }) => {
      const { backend } = subject;
      for (let index = 0; index < 250; index += 1) await backend.create(keyOf(`${index}`), new Map(), LONG);
      await backend.rename(keyOf("0"), keyOf("new name"), {}, LONG, 60_000);
      await backend.create(keyOf("expired"), new Map(), short);
      await backend.destroy(keyOf("destroyed"), 60_000);
      await pass(short.idleMs);
      assert.equal(await enumeration(subject).destroyAll(60_000), 250);
      assert.deepEqual(await listed(subject), []);
      for (const label of ["0", "1", "new name", "destroyed"]) {
        assert.equal(await backend.read(keyOf(label)), null);
        assert.equal(await backend.create(keyOf(label), new Map(), LONG), "gone");
      }
    },
  },
  {
    name: "destroyAll: the backend is as good as new afterwards",
    run: async ({ subject }) => {
      await subject.backend.create(keyOf("a"), new Map(), LONG);
      await enumeration(subject).destroyAll(0);
      assert.equal(await subject.backend.create(keyOf("a"), new Map(), LONG), "ok");
      assert.deepEqual(await listed(subject), [keyOf("a")]);
    },
  },
];

/** With records among them that cannot be read. */
export const DAMAGED_ENUMERATION_CASES: readonly Case<BackendSubject>[] = [
  {
    name: "enumeration: unreadable records are not listed, and ended by destroyAll",
    run: async ({ subject }) => {
      for (const label of ["a", "b", "c"]) await subject.backend.create(keyOf(label), new Map(), LONG);
      await subject.damage?.(keyOf("a"), "damaged");
      await subject.damage?.(keyOf("b"), "newer");
      assert.deepEqual(await listed(subject), [keyOf("c")]);
      assert.equal(await enumeration(subject).destroyAll(60_000), 1);
      for (const label of ["a", "b", "c"]) assert.equal(await subject.backend.read(keyOf(label)), null);
    },
  },
];

function enumeration({ backend }: BackendSubject): SessionEnumeration {
  const { sessionKeys, destroyAll } = backend;
  assert.ok(sessionKeys && destroyAll, "the backend enumerates, or the limits declare `enumeration: false`");
  return { sessionKeys: sessionKeys.bind(backend), destroyAll: destroyAll.bind(backend) };
}

async function listed(subject: BackendSubject): Promise<SessionKey[]> {
  const keys: SessionKey[] = [];
  for await (const key of enumeration(subject).sessionKeys()) keys.push(key);
  return keys.sort();
}
