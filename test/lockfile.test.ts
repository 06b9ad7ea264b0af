import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { root } from "./source-tree.ts";

interface Entry {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * npm drops what another platform needs when it writes a lockfile from an installed tree or a partial mirror, and `npm ci`
 * then refuses the whole lockfile (https://github.com/npm/cli/issues/4828).
 */
test("the lockfile names the optional packages of every platform", () => {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as {
    packages: Record<string, Entry>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isReachable(packages, path, name)),
  );
  expect(missing).toEqual([]);
});

/** Node looks for a package in every node_modules on the way up. */
function isReachable(packages: Record<string, Entry>, path: string, name: string): boolean {
  const folders = path
    .split("/node_modules/")
    .map((_, index, parts) => parts.slice(0, index + 1).join("/node_modules/"));
  return [...folders, ""].some((folder) => `${folder}/node_modules/${name}`.replace(/^\//, "") in packages);
}
