import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SamlVersionError } from "../errors.ts";

/**
 * The oldest releases without a known hole in their signatures (CVE-2025-54419 and -54369, CVE-2025-47949,
 * CVE-2025-29774; saml2-js 4.0.4 is the first with such an xml-crypto).
 */
const FLOORS: Readonly<Record<string, readonly [number, number, number]>> = {
  "@node-saml/node-saml": [5, 1, 0],
  samlify: [2, 10, 0],
  "saml2-js": [4, 0, 4],
  "xml-crypto": [6, 0, 1],
};

/** The classes that tell a library's objects from others. */
const CLASSES = ["SAML", "MultiSamlStrategy", "ServiceProviderInstance", "ServiceProvider"] as const;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

export type LibraryName = "@node-saml/node-saml" | "samlify" | "saml2-js";

/**
 * Throws {@link SamlVersionError} unless `instance` is of a release of that library that is sound. The copy that
 * made it is found among the loaded CommonJS modules: an application may hold several. Answers that copy's path.
 */
export function assertSoundLibrary(instance: object, name: LibraryName = "@node-saml/node-saml"): string {
  const found = findModules(instance).map((path) => ({ modulePath: path, manifest: readManifest(path) }));
  // passport-saml exports node-saml's class as well, and is loaded before it.
  const { modulePath, manifest } = found.find((one) => one.manifest.name === name) ?? found[0] ?? {};
  if (modulePath === undefined || manifest === undefined) {
    throw new SamlVersionError(
      `the object is of no loaded ${name}, so its release cannot be checked. Give an object that ${name} made, and keep ${name} out of a bundle`,
    );
  }
  if (manifest.name !== name) throw new SamlVersionError(whyNot(manifest, name));
  assertFloor(manifest);
  // Our own reading was made for these majors; another is refused until it is tested.
  const major = FLOORS[name]?.[0];
  if (Number.parseInt(manifest.version, 10) !== major) {
    throw new SamlVersionError(`${name} ${manifest.version} is not known here; use ${major}.x`);
  }
  assertFloor(readManifest(createRequire(manifest.path).resolve("xml-crypto")));
  return modulePath;
}

function whyNot({ name, version }: Manifest, wanted: LibraryName): string {
  if (name !== "passport-saml") return `the object is of ${name} ${version}; give one of ${wanted}`;
  return `the object is of passport-saml ${version}, which is abandoned and gets no fixes (CVE-2022-39299, CVE-2025-54419). Move to @node-saml/passport-saml 5.1 or later`;
}

/** The loaded modules that export a class of which `instance` is, in the order of loading. */
export function findModules(instance: object): readonly string[] {
  const cache = createRequire(import.meta.url).cache;
  const makers = new Set<unknown>();
  for (let type = Object.getPrototypeOf(instance); type !== null; type = Object.getPrototypeOf(type)) {
    if (type !== Object.prototype) makers.add(type.constructor);
  }
  return Object.keys(cache).filter((path) => {
    // Other modules' exports may have getters that do things.
    const exported: unknown = /saml/i.test(path) ? cache[path]?.exports : undefined;
    if (typeof exported !== "object" || exported === null) return false;
    const classes = CLASSES.map((name) => (exported as Readonly<Record<string, unknown>>)[name]);
    return classes.some((found) => found !== undefined && makers.has(found));
  });
}

function assertFloor({ name, version }: Manifest): void {
  const parts = version.split(/[.-]/).map(Number);
  const floor = FLOORS[name] ?? [];
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
