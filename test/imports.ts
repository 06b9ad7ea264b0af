import ts from "typescript";
import { walk } from "./source-tree.ts";

export interface Import {
  readonly specifier: string;
  /** False where the compiler erases it: `import type`, `export type`, `import("x").Y` in a type. */
  readonly isAtRunTime: boolean;
}

/** Everything a file imports, in whatever way: statements, re-exports, `import()`, `require`, types. */
export function readImports(source: ts.SourceFile): readonly Import[] {
  return [...walk(source)].flatMap((node) => readImport(node) ?? []);
}

function readImport(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) return of(node.moduleSpecifier, !isErased(node.importClause));
  if (ts.isExportDeclaration(node)) return of(node.moduleSpecifier, !node.isTypeOnly);
  if (ts.isImportTypeNode(node)) return of((node.argument as ts.LiteralTypeNode).literal, false);
  if (ts.isExternalModuleReference(node)) return of(node.expression, true);
  if (ts.isCallExpression(node) && isLoader(node.expression)) return of(node.arguments[0], true);
  return undefined;
}

/** `verbatimModuleSyntax` keeps `import { type A } from` as `import "x"`: only the statement's own `type` erases it. */
function isErased(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function isLoader(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isPropertyAccessExpression(callee)) return callee.getText() === "require.resolve";
  return ts.isIdentifier(callee) && callee.text === "require";
}

function of(literal: ts.Node | undefined, isAtRunTime: boolean): Import | undefined {
  if (literal === undefined || !ts.isStringLiteralLike(literal)) return undefined;
  return { specifier: literal.text, isAtRunTime };
}
