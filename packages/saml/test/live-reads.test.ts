import { expect, test } from "vitest";
import { LiveReads } from "../src/live-reads.ts";

test("two reads make a contender; leaving accounts for two", () => {
  const reads = new LiveReads(1_000);
  reads.saw("a");
  expect(reads.hasContender("a")).toBe(false);
  reads.saw("a");
  expect(reads.hasContender("a")).toBe(true);
  reads.leave("a");
  expect(reads.hasContender("a")).toBe(false);
  expect(reads.size).toBe(0);
});

test("of two contenders one remains when the other has left", () => {
  const reads = new LiveReads(1_000);
  for (let read = 0; read < 4; read += 1) reads.saw("a");
  reads.leave("a");
  expect(reads.hasContender("a")).toBe(true);
});

test("ids that nobody claims are forgotten when their lifetime is over", () => {
  let now = 0;
  const reads = new LiveReads(1_000, () => now);
  for (let id = 0; id < 500; id += 1) {
    now += 10;
    reads.saw(`id ${id}`);
  }
  expect(reads.size).toBe(100);
});
