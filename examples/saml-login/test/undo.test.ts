import { expect, test } from "vitest";
import { Undo } from "../src/undo.ts";

test("the last first, every step in spite of a failure, and only once", async () => {
  const undo = new Undo();
  const done: string[] = [];
  undo.add(async () => void done.push("first"));
  undo.add(() => Promise.reject(new Error("stuck")));
  undo.add(async () => void done.push("last"));
  await expect(undo.run()).rejects.toThrow("stuck");
  await undo.run();
  expect(done).toEqual(["last", "first"]);
});
