import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SamlVersionError } from "../errors.ts";

/** The oldest releases without a known hole in their signatures (CVE-2025-54419, CVE-2025-54369, CVE-2025-29774). */
const FLOORS = { "@node-saml/node-saml": [5, 1, 0], "xml-crypto": [6, 0, 1] } as const;

/** This package's own reading of node-saml was made for 5.x; another major is refused until it is tested. */
const MAJOR = 5;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/**
 * Throws {@link SamlVersionError} unless `saml` is of a node-saml that is sound. The copy that made it is found
 * among the loaded CommonJS modules: an application may hold several.
 */
export function assertSoundLibrary(saml: object): void {
  const modulePath = findModule(saml);
  if (modulePath === undefined) {
    throw new SamlVersionError(
      "the object is of no loaded @node-saml/node-saml, so its release cannot be checked. Give an instance of SAML, Strategy or MultiSamlStrategy, and keep @node-saml/node-saml out of a bundle",
    );
  }
  const manifest = readManifest(modulePath);
  if (manifest.name !== "@node-saml/node-saml") {
    throw new SamlVersionError(
      `the object is of ${manifest.name} ${manifest.version}, which is abandoned and gets no fixes (CVE-2022-39299, CVE-2025-54419). Move to @node-saml/passport-saml 5.1 or later`,
    );
  }
  assertFloor(manifest);
  if (Number.parseInt(manifest.version, 10) !== MAJOR) {
    throw new SamlVersionError(`@node-saml/node-saml ${manifest.version} is not known here; use ${MAJOR}.x`);
  }
  const crypto = createRequire(manifest.path);
  assertFloor(readManifest(crypto.resolve("xml-crypto")));
}

/** A module that exports a class of which `instance` is. */
export function findModule(instance: object): string | undefined {
  const cache = createRequire(import.meta.url).cache;
  const makers = new Set<unknown>();
  for (let type = Object.getPrototypeOf(instance); type !== null; type = Object.getPrototypeOf(type)) {
    if (type !== Object.prototype) makers.add(type.constructor);
  }
  for (const [path, loaded] of Object.entries(cache)) {
    // Other modules' exports may have getters that do things.
    const exported: unknown = /saml/i.test(path) ? loaded?.exports : undefined;
    if (typeof exported !== "object" || exported === null) continue;
    const { SAML, MultiSamlStrategy } = exported as Readonly<Record<string, unknown>>;
    if ((SAML !== undefined && makers.has(SAML)) || (MultiSamlStrategy && makers.has(MultiSamlStrategy))) {
      return path;
    }
  }
  return undefined;
}

function assertFloor({ name, version }: Manifest): void {
  const floor = FLOORS[name as keyof typeof FLOORS];
  const parts = version.split(/[.-]/).map(Number);
  for (const [at, least] of floor.entries()) {
    if ((parts[at] ?? 0) > least) return;
    if ((parts[at] ?? 0) < least) {
      throw new SamlVersionError(
        `${name} ${version} has known holes in its signatures; use ${floor.join(".")} or later`,
      );
    }
  }
}

/** The nearest package.json above a file that has a name. */
function readManifest(modulePath: string): Manifest {
  for (let folder = dirname(modulePath); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    const found = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Partial<Manifest>) : {};
    if (found.name && found.version) return { name: found.name, version: found.version, path };
    if (folder === dirname(folder)) throw new SamlVersionError(`no package.json above ${modulePath}`);
  }
}
