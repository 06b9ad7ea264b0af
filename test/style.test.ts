import { describe, expect, test } from "vitest";
import { findSources, parseSource, readSource } from "./source-tree.ts";
import { findFaults } from "./style.ts";

/** Functions and files that are longer than the house allows, each with its reason. */
const exceptions: Readonly<Record<string, string>> = {};

describe("the house style", () => {
  // A describe() of a test file is a list, not a function to be held in one's head: tests are bound by the rest only.
  test.each([
    ["sources", ["packages/*/src/**/*.ts", "{testbed,bench}/src/**/*.ts", "{examples,scripts}/**/*.ts"], /./],
    ["everything else", ["packages/*/test/**/*.ts", "{test,testbed,bench}/**/*.ts"], /^(?!file of|function)/],
  ])("%s", (_name, patterns, counted) => {
    const faults = findSources(patterns).flatMap((path) =>
      findFaults(readSource(path))
        .filter(({ fault }) => counted.test(fault))
        .map(({ line, fault }) => `${path}:${line} ${fault}`)
        .filter((fault) => !(fault.replace(/:\d+ .*/, "") in exceptions)),
    );
    expect(faults).toEqual([]);
  });
});

describe("a planted fault is found", () => {
  const body = "  x();\n".repeat(40);
  test.each([
    [`function long() {\n${body}}`, "function long of 42 lines"],
    [`const long = () => {\n${body}};`, "function long of 42 lines"],
    [`class A {\n  long() {\n${body}  }\n}`, "function long of 42 lines"],
    ["x();\n".repeat(251), "file of 251 lines"],
    ["let x: any;", "any"],
    ["x as unknown as Record<string, any>", "any"],
    ["// TODO later\nx();", "TODO"],
    ["function f() {\n  x(); // FIXME\n}", "FIXME"],
    ["// @ts-ignore\nx();", "@ts-ignore"],
    ["/* biome-ignore lint: no */ x();", "biome-ignore"],
  ])("%#", (text, fault) => {
    expect(findFaults(parseSource("a.ts", text)).map((finding) => finding.fault)).toEqual([fault]);
  });

  test("words in strings and names are none", () => {
    const text = 'const todo = "TODO any @ts-ignore"; const any = `any`; company(todo, any);';
    expect(findFaults(parseSource("a.ts", text))).toEqual([]);
  });
});
