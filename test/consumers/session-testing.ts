import assert from "node:assert/strict";
import { memoryBackend } from "@unstick/session";
import { backendConformance } from "@unstick/session/testing";

/** A stranger's runner registers the suite, and the first case passes on the memory backend. */
export async function smoke(): Promise<void> {
  const cases: (() => unknown)[] = [];
  const test = (_name: string, run: () => unknown): void => void cases.push(run);
  backendConformance({ test }, async () => ({ backend: memoryBackend() }), { damage: false });
  assert.ok(cases.length > 20);
  await cases[0]?.();
}
