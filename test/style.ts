import ts from "typescript";
import { walk } from "./source-tree.ts";

export interface Finding {
  readonly line: number;
  readonly fault: string;
}

const maxFileLines = 250;
const maxFunctionLines = 40;
const directives =
  /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|eslint-disable|c8 ignore|istanbul ignore/;
const postponed = /\b(?:TODO|FIXME|XXX|HACK)\b/;

/** What breaks the style of house.md in one file. */
export function findFaults(source: ts.SourceFile): readonly Finding[] {
  return [...checkLength(source), ...checkComments(source), ...[...walk(source)].flatMap(checkNode(source))];
}

function checkLength(source: ts.SourceFile): Finding[] {
  const lines = source.getLineStarts().length - 1;
  return lines > maxFileLines ? [{ line: 1, fault: `file of ${lines} lines` }] : [];
}

function checkNode(source: ts.SourceFile): (node: ts.Node) => Finding[] {
  const at = (node: ts.Node, fault: string): Finding[] => [
    { line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, fault },
  ];
  return (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) return at(node, "any");
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return [];
    const lines = node.getText().split("\n").length;
    return lines > maxFunctionLines ? at(node, `function ${nameOf(node)} of ${lines} lines`) : [];
  };
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : "without a name";
}

/** Comments are in the trivia before a token: a string that holds such a word is no fault. */
function checkComments(source: ts.SourceFile): Finding[] {
  const trivia = new Map([...walk(source)].map((node) => [node.getFullStart(), node.getStart()]));
  return [...trivia].flatMap(([start, end]) => {
    const text = source.text.slice(start, end);
    const found = postponed.exec(text) ?? directives.exec(text);
    if (found === null) return [];
    return [{ line: source.getLineAndCharacterOfPosition(start + found.index).line + 1, fault: found[0] }];
  });
}
