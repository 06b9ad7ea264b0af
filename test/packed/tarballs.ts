import { readFileSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { ensureBuilt } from "../ensure-built.ts";
import { root } from "../source-tree.ts";
import { run } from "./run.ts";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Tarball {
  readonly manifest: Manifest;
  readonly path: string;
  readonly bytes: number;
  readonly files: readonly string[];
}

export const manifests: readonly Manifest[] = globSync("packages/*/package.json", { cwd: root })
  .sort()
  .map((path) => JSON.parse(readFileSync(join(root, path), "utf8")) as Manifest);

/** Every import specifier that our packages offer to code. */
export const subpaths: readonly string[] = manifests.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((key) => key !== "./package.json")
    .map((key) => name + key.slice(1)),
);

/** Pack every package as `npm publish` would. */
export async function packAll(folder: string): Promise<readonly Tarball[]> {
  await ensureBuilt();
  const workspaces = manifests.flatMap(({ name }) => ["--workspace", name]);
  const packed = await run(root, "npm", ["pack", "--json", "--pack-destination", folder, ...workspaces]);
  return (JSON.parse(packed) as PackReport[]).map((report) => ({
    manifest: manifests.find(({ name }) => name === report.name)!,
    path: join(folder, report.filename),
    bytes: report.size,
    files: report.files.map(({ path }) => path),
  }));
}

interface PackReport {
  readonly name: string;
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}
