import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { slowest } from "../src/longest-first.ts";

test("every file that is to be started first is there", () => {
  const root = new URL("../../", import.meta.url);
  expect(slowest.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});
