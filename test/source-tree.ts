import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { globSync } from "tinyglobby";
import ts from "typescript";

export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** TypeScript files of the tree, relative to its root, sorted. */
export function findSources(patterns: readonly string[]): readonly string[] {
  const ignore = ["**/node_modules/**", "**/dist/**", "**/fixtures/**", "**/.*/**"];
  return globSync([...patterns], { cwd: root, ignore }).sort();
}

export function readSource(path: string): ts.SourceFile {
  return parseSource(path, readFileSync(`${root}${path}`, "utf8"));
}

export function parseSource(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
}

/** Every node of a tree, in order. */
export function* walk(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* walk(child);
}
