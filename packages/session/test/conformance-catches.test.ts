import { memoryState, type SharedState } from "@unstick/session";
import {
  backendConformance,
  backendMatchesModel,
  sharedStateConformance,
  type TestKit,
} from "@unstick/session/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKEND_FAULTS, faultySubject } from "./memory-faults.ts";

/** Runs what a suite registers, and answers the names of the cases that failed. */
async function failures(register: (kit: TestKit) => void): Promise<string[]> {
  const cases: (readonly [string, () => Promise<void>])[] = [];
  register({ test: (name, body) => cases.push([name, body]) });
  const failed: string[] = [];
  for (const [name, body] of cases) await body().catch(() => failed.push(name));
  return failed;
}

describe("the conformance suite catches", () => {
  test.each(Object.keys(BACKEND_FAULTS))("%s", async (fault) => {
    const failed = await failures((kit) =>
      backendConformance(kit, async () => faultySubject(fault), { damage: false }),
    );
    expect(failed).not.toEqual([]);
  });

  const stateFaults: Record<string, (right: SharedState) => Partial<SharedState>> = {
    "add overwrites": (right) => ({
      add: async (...args) => {
        await right.put(...args);
        return true;
      },
    }),
    "take reads, then deletes": (right) => ({
      take: async (key) => {
        const value = await right.get(key);
        await new Promise((resolve) => setImmediate(resolve));
        await right.remove(key);
        return value === null ? { outcome: "unknown" } : { outcome: "taken", value };
      },
    }),
    "take leaves no tombstone": (right) => ({ take: (key) => right.take(key) }),
    "take leaves a tombstone for the unknown": (right) => ({
      take: async (key, options) => {
        const answer = await right.take(key, options);
        if (answer.outcome !== "unknown") return answer;
        await right.put(key, "", 600_000);
        await right.take(key, options);
        return answer;
      },
    }),
    "keys takes its prefix for a pattern": (right) => ({
      keys: (prefix) => right.keys(prefix.replace(/[*[].*/, "")),
    }),
  };
  test.each(Object.keys(stateFaults))("%s", async (fault) => {
    const failed = await failures((kit) =>
      sharedStateConformance(kit, async () => {
        let time = 1_000_000;
        const right = memoryState({ now: () => time });
        const advance = (ms: number): void => {
          time += ms;
        };
        return { state: { ...right, ...stateFaults[fault]!(right) }, advance };
      }),
    );
    expect(failed).not.toEqual([]);
  });
});

/** The model looks at one call at a time, at an answer once, at verbs that it knows, and at keys that differ in more than case. */
const BEYOND_THE_MODEL =
  /reads, then|whole record|principal|limit|who is in|destroyAll|letter case|hands out/;

describe("the model catches", () => {
  test.each(Object.keys(BACKEND_FAULTS).filter((fault) => !BEYOND_THE_MODEL.test(fault)))(
    "%s",
    async (fault) => {
      await expect(
        backendMatchesModel(fc, async () => faultySubject(fault), { runs: 2_000 }),
      ).rejects.toThrow();
    },
  );
});

test("a backend that lacks a power, or the means to damage a record, is told to declare it", async () => {
  const bare = async () => {
    const { backend, advance } = faultySubject("destroy leaves no tombstone");
    const { sessionKeys: _s, destroyAll: _d, linkPrincipal: _l, ...rest } = backend;
    return { backend: rest, advance };
  };
  const all = await failures((kit) => backendConformance(kit, bare));
  const declared = await failures((kit) =>
    backendConformance(kit, bare, { damage: false, enumeration: false, principals: false }),
  );
  expect(all.length).toBeGreaterThan(declared.length + 10);
});
