import assert from "node:assert/strict";
import { cacheProvider } from "@unstick/saml";
import { memoryState } from "@unstick/session";

export async function smoke(): Promise<void> {
  const provider = cacheProvider(memoryState());
  assert.notEqual(await provider.saveAsync("_request", "2026-01-01T00:00:00Z"), null);
  assert.equal(await provider.getAsync("_request"), "2026-01-01T00:00:00Z");
  assert.equal(await provider.removeAsync("_request"), "_request");
  assert.equal(await provider.getAsync("_request"), null);
}
