import { decide, readOptions } from "@unstick/affinity";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readCookie } from "../src/cookie-header.ts";

const config = readOptions({ name: "APP", secret: "a secret of thirty-two bytes, no?" });
const input = { now: 1_800_000_000_000, random: new Uint8Array(12), instance: "a" };
const good = decide({ ...input, cookieHeader: undefined, draining: false }, config).value;

/** Pieces of Cookie headers, so that most cases get past the first check. */
const piece = fc.oneof(
  fc.constantFrom(
    "APP=",
    "APP",
    "=",
    ";",
    "; ",
    " ",
    "\t",
    '"',
    ",",
    "%E0%A4%A",
    "__proto__=1",
    "AWSALBAPP-0=_remove_",
  ),
  fc.constantFrom(
    `APP=${good}`,
    good.slice(0, 50),
    good.slice(-44),
    "1.0ttl0g0.",
    `.${"A".repeat(43)}`,
    "constructor=",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.integer({ min: 0, max: good.length }).map((at) => `APP=${good.slice(0, at)}~${good.slice(at)}`),
);
const header = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));

/** `npm run fuzz` asks for a million. */
const fuzzRuns = Number(process.env.FUZZ_RUNS ?? 120_000);

it(`answers ${fuzzRuns} hostile headers and throws on none`, { timeout: 600_000 }, () => {
  let kept = 0;
  const ours = `APP=${good}`;
  const property = fc.property(header, fc.boolean(), (cookieHeader, draining) => {
    const { state, action, value } = decide({ ...input, cookieHeader, draining }, config);
    if (state !== "new") kept++;
    // Only the very bytes that we signed are good.
    if (state !== "new" && !cookieHeader.includes(good)) throw new Error("accepted what we never signed");
    if (action === "bind" && !/^[\w.-]{87}$/.test(value))
      throw new Error("wrote a value that needs escaping");
    if (draining && action === "bind") throw new Error("bound a client while draining");
    if (cookieHeader === ours && state !== "kept") throw new Error("lost a good cookie");
  });
  fc.assert(property, { numRuns: fuzzRuns });
  expect(kept).toBeGreaterThan(100);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

it("looks at a header of 16 KiB no more than once, whatever it repeats", () => {
  // Counted, not timed: the reader may ask for each position a bounded number of times.
  for (const unit of ["APP=", "APP=;", "APP= ;", " ", ";", "\tAPP=x", "AAPP=;", "APP=x; "]) {
    const text = unit.repeat(Math.ceil(16_384 / unit.length));
    let reads = 0;
    const counting = {
      length: text.length,
      charCodeAt: (at: number): number => {
        reads++;
        return text.charCodeAt(at);
      },
      indexOf: (needle: string, from: number): number => text.indexOf(needle, from),
      slice: (from: number, to: number): string => text.slice(from, to),
    } as unknown as string;
    readCookie(counting, "APP=", 8);
    expect(reads, unit).toBeLessThan(2 * text.length);
  }
});

it("agrees with a plain reading of the header", () => {
  const plain = (text: string): string[] =>
    text
      .split(";")
      .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
      .filter((pair) => pair.startsWith("APP="))
      .map((pair) => pair.slice(4).replace(/^"(.*)"$/s, "$1"))
      .slice(0, 8);
  fc.assert(
    fc.property(header, (text) => {
      expect(readCookie(text, "APP=", 8)).toEqual(plain(text));
    }),
    { numRuns: 10_000 },
  );
});
