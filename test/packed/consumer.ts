import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { readImports } from "../imports.ts";
import { findSources, readSource, root } from "../source-tree.ts";
import { run } from "./run.ts";
import { manifests, type Tarball } from "./tarballs.ts";

const require = createRequire(import.meta.url);
export const tsc: string = require.resolve("typescript/bin/tsc");
export const jest: string = require.resolve("jest/bin/jest");

/** What a consumer brings itself: types of Node and of the frameworks, and the peer of our conformance suite. */
const ownTypes = [
  ...["node", "connect", "express", "express-session", "koa"].map((name) => `@types/${name}`),
  "fast-check",
];

export const consumerSources: readonly string[] = findSources(["test/consumers/*.ts"]);
export const smokes: readonly string[] = consumerSources
  .map((path) => basename(path, ".ts"))
  .filter((name) => name !== "fetch-once");

/**
 * A folder that has our tarballs installed and nothing of this tree in reach but third-party packages, which are linked
 * so that no network is needed. The consumers are in it twice, as ES modules and as CommonJS.
 */
export async function makeConsumer(folder: string, tarballs: readonly Tarball[]): Promise<void> {
  const ours = tarballs.map(({ manifest, path }) => [manifest.name, `file:${path}`]);
  const theirs = thirdParties().map((name) => [name, `file:${join(root, "node_modules", name)}`]);
  writeJson(join(folder, "package.json"), {
    name: "consumer",
    private: true,
    dependencies: Object.fromEntries([...ours, ...theirs]),
  });
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"];
  await run(folder, "npm", ["install", ...quiet]);
  for (const [kind, type] of [
    ["esm", "module"],
    ["cjs", "commonjs"],
  ] as const) {
    mkdirSync(join(folder, kind, "src"), { recursive: true });
    writeJson(join(folder, kind, "package.json"), { type });
    writeJson(join(folder, kind, "tsconfig.json"), { compilerOptions, include: ["src"] });
    for (const path of consumerSources) cpSync(join(root, path), join(folder, kind, "src", basename(path)));
    writeFileSync(join(folder, kind, "run.js"), kind === "esm" ? esmRunner : cjsRunner);
  }
  writeFileSync(join(folder, "cjs", "smoke.test.js"), jestSuite);
}

const compilerOptions = {
  target: "es2022",
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  esModuleInterop: true,
  rewriteRelativeImportExtensions: true,
  types: ["node"],
  // An alias of npm's has no types of its own; what we use of Express 4 is typed as in Express 5.
  paths: { express4: ["../node_modules/@types/express/index.d.ts"] },
  rootDir: "src",
  outDir: "out",
};

const list = JSON.stringify(smokes);
const esmRunner = `for (const name of ${list}) await (await import("./out/" + name + ".js")).smoke();
console.log("ran", ${smokes.length});\n`;
const cjsRunner = `(async () => {
  for (const name of ${list}) await require("./out/" + name + ".js").smoke();
  console.log("ran", ${smokes.length});
})();\n`;
const jestSuite = `test.each(${list})("%s", (name) => require("./out/" + name + ".js").smoke());\n`;

/** Everything that our packages depend on and that the consumers import, but for our own packages. */
function thirdParties(): readonly string[] {
  const declared = manifests.flatMap(({ dependencies }) => Object.keys(dependencies ?? {}));
  const imported = consumerSources.flatMap((path) =>
    readImports(readSource(path)).map(({ specifier }) => specifier),
  );
  const names = [...declared, ...imported, ...ownTypes];
  return [...new Set(names)].filter((name) => !/^(@unstick\/|node:|\.)/.test(name)).sort();
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
