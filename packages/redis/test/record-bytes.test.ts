import { expect, test } from "vitest";
import { measureBytes } from "./record-bytes.ts";

test("no shape of session takes more than 1.5 times what connect-redis takes", async () => {
  const measured = await measureBytes();
  expect(measured).toHaveLength(5);
  expect(measured.filter(({ ours, connectRedis }) => !(ours <= 1.5 * connectRedis))).toEqual([]);
});
