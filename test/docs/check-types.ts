import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { root } from "../source-tree.ts";
import type { Block } from "./markdown.ts";

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  strict: true,
  noImplicitAny: true,
  skipLibCheck: true,
  esModuleInterop: true,
  allowImportingTsExtensions: true,
  allowJs: true,
  checkJs: true,
  noUncheckedSideEffectImports: true,
  noEmit: true,
  types: ["node"],
  typeRoots: [join(root, "node_modules/@types")],
};

/** A block as a file, in a folder from which the names resolve that a reader of its document has installed. */
export interface PlacedBlock {
  readonly block: Block;
  readonly file: string;
}

/**
 * One ignored folder for each document, beside it: a package finds itself by name there, and its own dependencies.
 * Blocks that name their file lie in it, so that they can import each other; the others have a folder each.
 */
export function placeBlocks(blocks: readonly Block[]): readonly PlacedBlock[] {
  return blocks.map((block, index) => {
    const folder = scratchOf(block.document);
    const kind = /\brequire\(/.test(block.text) ? `c${block.language}` : block.language;
    const file = join(folder, block.fileName ?? join(`${index}`, `block.${kind}`));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    writeFileSync(file, block.text);
    return { block, file };
  });
}

/** Ignored by git, and by name, wherever it lies. */
export function scratchOf(document: string): string {
  return join(root, dirname(document), ".scratch", "docs", document.replaceAll("/", "-"));
}

/** What the compiler says of the blocks, as `document:line message`. */
export function checkTypes(placed: readonly PlacedBlock[]): readonly string[] {
  const program = ts.createProgram(
    placed.map(({ file }) => file),
    options,
  );
  return placed.flatMap(({ block, file }) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    const counted = found.filter(({ code }) => !(isJavaScript(block) && isAboutImplicitAny(code)));
    return counted.map((one) => {
      const line = one.file?.getLineAndCharacterOfPosition(one.start ?? 0).line ?? 0;
      const message = ts.flattenDiagnosticMessageText(one.messageText, "\n");
      return `${block.document}:${block.line + line} ${message}`;
    });
  });
}

/** JavaScript has nowhere to write a type, so the compiler's 7000s are no faults of it. */
function isAboutImplicitAny(code: number): boolean {
  return code >= 7000 && code < 7100;
}

function isJavaScript({ language }: Block): boolean {
  return language === "js";
}
