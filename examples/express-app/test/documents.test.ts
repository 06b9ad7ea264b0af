import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const documents = ["README.md", "examples/express-app/README.md", "examples/koa-app/README.md"];

/** Diffs in documents name their two files, as `diff` does; what is the same may be left out. */
const diffs = documents.flatMap((document) => {
  const blocks = [...read(document).matchAll(/^```diff\n--- (\S+)\n\+\+\+ (\S+)\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, before = "", after = "", body = ""]) => ({ document, before, after, body }));
});

test("each document shows the diff that it is about", () => {
  expect(diffs.map(({ document }) => document)).toEqual(expect.arrayContaining(documents));
});

test("the first block of the README is what an application has to change", () => {
  const [, first] = /^```(\w*)$/m.exec(read("README.md")) ?? [];
  expect(first).toBe("diff");
});

test.each(diffs)("$document: $before becomes $after as shown", ({ before, after, body }) => {
  const [old, young] = [read(before).split("\n"), read(after).split("\n")];
  const lines = body.trimEnd().split("\n");
  const shown = (sign: string): string[] =>
    lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(1));
  expect(shown("-")).toEqual(without(old, young));
  expect(shown("+")).toEqual(without(young, old));
  expect(young).toEqual(expect.arrayContaining(shown(" ")));
});

/** Lines that the other does not have, as often as it does not have them. */
function without(lines: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
