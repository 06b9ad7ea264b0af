import assert from "node:assert/strict";
import { cacheProvider, SamlVersionError, saml2Logins, samlifyLogins } from "@unstick/saml";
import { memoryState } from "@unstick/session";

export async function smoke(): Promise<void> {
  const provider = cacheProvider(memoryState());
  assert.notEqual(await provider.saveAsync("_request", "2026-01-01T00:00:00Z"), null);
  assert.equal(await provider.getAsync("_request"), "2026-01-01T00:00:00Z");
  assert.equal(await provider.removeAsync("_request"), "_request");
  assert.equal(await provider.getAsync("_request"), null);
  const nobody = { sp: {} as never, idp: {} as never, state: memoryState() };
  assert.throws(() => samlifyLogins(nobody), SamlVersionError);
  assert.throws(() => saml2Logins({ ...nobody, idpEntityId: "urn:idp" }), SamlVersionError);
}
