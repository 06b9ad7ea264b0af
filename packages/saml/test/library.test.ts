import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryState } from "@unstick/session";
import { afterAll, beforeAll, expect, test } from "vitest";
import { protect, protectStrategy, SamlVersionError } from "../src/index.ts";
import { createSaml } from "./service-provider.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "unstick-saml-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An object of a package that exports `SAML`, under that name and version. */
function samlOf(name: string, version: string, cryptoVersion = "6.1.2"): never {
  const home = join(folder, `${name.replace("/", "+")}-${version}-${cryptoVersion}`, "saml-package");
  const crypto = join(home, "node_modules", "xml-crypto");
  mkdirSync(crypto, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name, version, main: "saml.js" }));
  writeFileSync(join(home, "saml.js"), "exports.SAML = class SAML { options = {} };");
  writeFileSync(join(crypto, "package.json"), JSON.stringify({ name: "xml-crypto", version: cryptoVersion }));
  writeFileSync(join(crypto, "index.js"), "");
  const { SAML } = createRequire(import.meta.url)(home) as { SAML: new () => object };
  return new SAML() as never;
}

test.each([
  ["@node-saml/node-saml", "5.0.1", "6.1.2", "@node-saml/node-saml 5.0.1 has known holes"],
  ["@node-saml/node-saml", "4.0.5", "6.1.2", "@node-saml/node-saml 4.0.5 has known holes"],
  ["@node-saml/node-saml", "6.0.0", "6.1.2", "6.0.0 is not known here"],
  ["@node-saml/node-saml", "5.1.0", "6.0.0", "xml-crypto 6.0.0 has known holes"],
  ["passport-saml", "3.2.4", "6.1.2", "passport-saml 3.2.4, which is abandoned"],
])("%s %s with xml-crypto %s is refused at start-up, with the reason", (name, version, crypto, reason) => {
  const start = () => protect(samlOf(name, version, crypto), { state: memoryState() });
  expect(start).toThrow(SamlVersionError);
  expect(start).toThrow(reason);
});

test("an object whose package cannot be found is refused", () => {
  expect(() => protect({ options: {} } as never, { state: memoryState() })).toThrow(SamlVersionError);
});

test("the real one is taken; turned-off checks of time and unknown options are not", () => {
  const state = memoryState();
  expect(() => protect(createSaml("MIIC"), { state })).not.toThrow();
  const timeless = createSaml("MIIC", undefined, { acceptedClockSkewMs: -1 });
  expect(() => protect(timeless, { state })).toThrow("option acceptedClockSkewMs");
  expect(() => protect(createSaml("MIIC"), { state, ttl: 1 } as never)).toThrow("option ttl");
  expect(() => protectStrategy({}, { state })).toThrow("option strategy");
});
