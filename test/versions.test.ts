import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./source-tree.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const folder = mkdtempSync(join(tmpdir(), "unstick-versions-"));
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const readManifest = (path: string): Manifest => JSON.parse(read(path)) as Manifest;
const manifests = globSync(["{packages,examples}/*/package.json", "{bench,test,testbed}/package.json"], {
  cwd: root,
});

/** `npm run version` on a copy of what it reads, after one change to one package. */
beforeAll(() => {
  for (const path of [...manifests, "package.json", "package-lock.json", ".npmrc", ".changeset/config.json"])
    cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const config = join(folder, ".changeset/config.json");
  // The text of the changelog comes from git, which a machine with only Node and npm has not.
  writeFileSync(config, read(".changeset/config.json").replace(/"changelog": "[^"]+"/, '"changelog": false'));
  writeFileSync(join(folder, ".changeset/change.md"), '---\n"@unstick/session": minor\n---\n\nA change.\n');
  execFileSync("npm", ["run", "version", "--offline"], { cwd: folder, stdio: "pipe" });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every package moves to one new version, and nothing that is never published moves", () => {
  const before = (JSON.parse(readFileSync(`${root}packages/session/package.json`, "utf8")) as Manifest)
    .version;
  const [major, minor] = before.split(".").map(Number);
  const next = `${major}.${(minor ?? 0) + 1}.0`;
  for (const path of manifests) {
    const { name, version, private: isPrivate = false } = readManifest(path);
    expect(`${name} ${version}`).toBe(`${name} ${isPrivate ? "0.0.0" : next}`);
  }
});

test("each asks for its siblings at the new version", () => {
  const versions = new Map(manifests.map((path) => [readManifest(path).name, readManifest(path).version]));
  const asked = manifests.flatMap((path) => {
    const { name, dependencies, devDependencies } = readManifest(path);
    const ranges = Object.entries({ ...dependencies, ...devDependencies });
    return ranges
      .filter(([sibling]) => versions.has(sibling))
      .map(([sibling, range]) => ({ name, sibling, range }));
  });
  expect(asked.length).toBeGreaterThan(0);
  for (const { name, sibling, range } of asked)
    expect(`${name}: ${sibling} ${range.replace(/^\^/, "")}`).toBe(
      `${name}: ${sibling} ${versions.get(sibling)}`,
    );
});

test("the lockfile follows, so that npm ci accepts it", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Manifest> };
  for (const path of manifests) {
    const { version, dependencies, devDependencies } = readManifest(path);
    expect(packages[path.replace("/package.json", "")]).toMatchObject({
      version,
      ...(dependencies && { dependencies }),
      ...(devDependencies && { devDependencies }),
    });
  }
});
