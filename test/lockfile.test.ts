import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { root } from "./source-tree.ts";

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as {
  packages: Record<string, Entry>;
};

/**
 * npm drops what another platform needs when it writes a lockfile from an installed tree or a partial mirror, and `npm ci`
 * then refuses the whole lockfile (https://github.com/npm/cli/issues/4828).
 */
test("the lockfile names the optional packages of every platform", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isReachable(packages, path, name)),
  );
  expect(missing).toEqual([]);
});

/** The same issue leaves entries of other platforms without a hash, which `npm ci` then takes from anywhere unchecked. */
test("every package that is fetched is checked by its hash, wherever it is fetched from", () => {
  const fetched = Object.entries(packages).filter(
    ([path, { link = false }]) => path.includes("node_modules/") && !link,
  );
  expect(fetched.length).toBeGreaterThan(0);
  expect(
    fetched.filter(([, { integrity }]) => !integrity?.startsWith("sha512-")).map(([path]) => path),
  ).toEqual([]);
  expect(fetched.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});

/** Node looks for a package in every node_modules on the way up. */
function isReachable(packages: Record<string, Entry>, path: string, name: string): boolean {
  const folders = path
    .split("/node_modules/")
    .map((_, index, parts) => parts.slice(0, index + 1).join("/node_modules/"));
  return [...folders, ""].some((folder) => `${folder}/node_modules/${name}`.replace(/^\//, "") in packages);
}
