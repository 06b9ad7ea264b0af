import assert from "node:assert/strict";
import { type Backend, memoryBackend, memoryState, OptionError, type SharedState } from "@unstick/session";

export async function smoke(): Promise<void> {
  const backend: Backend = memoryBackend();
  assert.equal(typeof backend.read, "function");
  const state: SharedState = memoryState();
  assert.equal(await state.add("key", "value", 60_000), true);
  assert.equal(await state.add("key", "other", 60_000), false);
  assert.equal(await state.get("key"), "value");
  assert.throws(() => memoryBackend({ size: 1 } as object), OptionError);
}
