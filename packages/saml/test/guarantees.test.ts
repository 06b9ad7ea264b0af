import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** What `docs/saml.md` says holds: that every test which it names is there. */
const guide = readFileSync(new URL("../../../docs/saml.md", import.meta.url), "utf8");

/** The names that were given to them when they were measured in node-saml 5.1.0 with a naive shared cache. */
const scenes = [
  "two",
  "twoRate",
  "race",
  "raceTake",
  "getdel",
  "omitScd",
  "omitScdTake",
  "replayNever",
  "replayIfPresentUnsol",
  "stripped",
  "burn",
  "csrf",
  "logout",
  "slo",
  "logoutPost",
  "multi",
  "idpSloPost",
  "tx",
];

/** The features by which service providers were compared, as the guide words them. */
const features = [
  "request id in a shared store",
  "one-time, atomic across processes",
  "claim only after the signature is good",
  "_used_ told from _unknown_",
  "lifetime in the store: 10 minutes, not 8 hours",
  "each assertion once, until `NotOnOrAfter` plus skew",
  "IdP-initiated logins: a policy of their own",
  "key per issuer, tenant and provider",
  "bound to the browser that began",
  "survives `SameSite=Lax`",
  "RelayState an opaque handle of at most 80 bytes",
  "safe redirects",
  "second POST and back button handled gently",
  "LogoutRequest ids kept, once, both bindings",
  "NameID and SessionIndex to many sessions",
  "a logout ends sessions wherever they live, without a cookie",
  "a logout before its assertion",
  "sealed at rest, keys hashed",
  "sizes and floods bounded",
  "store failure: fail closed",
  "Web Storage's shape and enumeration, scoped",
];

/** First argument of `test(…)`, `describe(…)` and their `.each(…)(…)`, by file. */
function readTitles(): ReadonlyMap<string, readonly string[]> {
  const folder = new URL(".", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
  const call = /(?:\b(?:test|describe)\(|\)\()\s*"((?:[^"\\]|\\.)*)",/g;
  return new Map(
    files.map((name) => [
      name.replace(".test.ts", ""),
      [...readFileSync(new URL(name, folder), "utf8").matchAll(call)].map(([, title = ""]) => title),
    ]),
  );
}

const titles = readTitles();

/** A scene is named before the colon, alone or with others; any other name is how the title begins. */
function isTest(file: string, name: string): boolean {
  const found = titles.get(file) ?? [];
  if (scenes.includes(name)) return found.some((title) => namesOf(title).includes(name));
  return found.some((title) => title.startsWith(name));
}

function namesOf(title: string): readonly string[] {
  return title.split(":")[0]?.split(", ") ?? [];
}

interface GuideRow {
  readonly feature: string;
  readonly named: readonly (readonly [file: string, name: string])[];
}

/** The rows of the tables whose last column names tests. */
function readRows(): readonly GuideRow[] {
  const [, section = ""] = /\n## What holds[^\n]*\n([\s\S]*?)\n## /.exec(guide) ?? [];
  const lines = section.split("\n").filter((line) => /^\| (?!what |-)/.test(line));
  return lines.map((line) => {
    const [, feature = "", , tests = ""] = line.split("|").map((cell) => cell.trim());
    const named = tests.split("; ").flatMap((entry) => {
      const [, file = "", names = ""] = /^`([a-z-]+)`: (.+)$/.exec(entry) ?? [];
      return names.split(" · ").map((name) => [file, name] as const);
    });
    return { feature, named };
  });
}

const rows = readRows();

test("every feature of the comparison has its row", () => {
  expect(rows.map(({ feature }) => feature)).toEqual(expect.arrayContaining(features));
});

test.each(rows)("$feature: its tests are there", ({ named }) => {
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(([file, name]) => !isTest(file, name))).toEqual([]);
});

test.each(scenes)("the scene %s is a test of that name", (scene) => {
  expect([...titles.values()].flat().flatMap(namesOf)).toContain(scene);
  expect(guide).toMatch(new RegExp(`\\b${scene}\\b`));
});

test("a test that is not there is missed", () => {
  expect(isTest("scenes", "two")).toBe(true);
  expect(isTest("scenes", "csrf")).toBe(false);
  expect(isTest("routes", "no such test")).toBe(false);
  expect(isTest("no-such-file", "two")).toBe(false);
});
