import { beforeAll, describe, expect, test } from "vitest";
import { isFaultless, type Row, sayOurs } from "../bench/proof/row.ts";
import { ensureBuilt } from "./ensure-built.ts";
import { runProof } from "./run-proof.ts";

beforeAll(ensureBuilt);

/** Faults in a peer's cell, such as `connect-redis 4,870 of 5,000 (97.4 %)`, added up. */
function faultsIn(cell = ""): number {
  const counts = [...cell.matchAll(/ ([\d,]+) of/g)].map(([, count]) => Number(count?.replaceAll(",", "")));
  return counts.reduce((sum, count) => sum + count, 0);
}

test("npm run proof: every figure is held by ours, and those that can be lost are lost by peers", async () => {
  const { code, stdout, stderr } = await runProof("proof.ts", "--tiny", "--json");
  expect(stdout, stderr).not.toBe("");
  const { rows } = JSON.parse(stdout) as { rows: Row[] };
  expect(rows.filter(({ held }) => !held)).toEqual([]);
  expect(
    rows
      .map(({ measure }) => measure.split(":")[0]?.replace(/\d+ pairs/, "N pairs"))
      .filter((one, at, all) => all.indexOf(one) === at),
  ).toMatchInlineSnapshot(`
    [
      "increments of a declared counter, at store level",
      "increments of a declared counter, over HTTP",
      "concurrent writes to different attributes",
      "logout with a write in flight, 0-50 ms",
      "regenerate with a write in flight",
      "two regenerates of one session at once",
      "old ids in the default grace of session()",
      "old ids after the default grace of session()",
      "redirect, store slowed by 300 ms",
      "store full (maxmemory, noeviction)",
      "store killed (SIGKILL)",
      "store hung (SIGSTOP)",
      "store slow (a round trip of 200, 300 or 440 ms, a deadline of 300)",
      "answers committed after a logout",
      "two logins at once",
      "two regenerations at once",
      "random pairs of values",
      "second of 2 values with one CRC-32, N pairs",
      "corrupt records",
      "store methods on a cluster of 3 masters",
      "foreign keys touched under 20 prefixes of glob characters",
      "commands",
      "bytes in Redis",
      "clocks of the instances",
    ]
  `);
  // A measure by which nobody ever fails would show nothing.
  const races = rows.filter(({ measure }) =>
    /increments|concurrent|write in flight|regenerates|corrupt.*error|redirect|full|a logout:|at once|CRC/.test(
      measure,
    ),
  );
  expect(races.map(({ measure, peer }) => [measure, faultsIn(peer) > 0])).toEqual(
    races.map(({ measure }) => [measure, true]),
  );
  expect(code).toBe(0);
}, 480_000);

describe("a figure that is not held", () => {
  test("is one fault of one subject, or nothing tried", () => {
    const good = { subject: "a", faults: 0, tries: 9 };
    expect(isFaultless([good])).toBe(true);
    expect(isFaultless([good, { subject: "b", faults: 1, tries: 9 }])).toBe(false);
    expect(isFaultless([{ subject: "a", faults: 0, tries: 0 }])).toBe(false);
    expect(isFaultless([])).toBe(false);
    expect(sayOurs([good, { subject: "b", faults: 1, tries: 9 }])).toBe("1 of 18 (b 1 of 9)");
  });

  test("and an unknown measure, end with 1", async () => {
    expect((await runProof("proof.ts", "--tiny", "--only=nonsense")).code).toBe(1);
  });
});
