import { expect, test } from "vitest";
import { createHandle } from "../src/flow/login-flow.ts";
import { safeTarget } from "../src/flow/safe-target.ts";

const origin = "https://app.example";
const hosts = [
  "evil.example",
  "app.example.evil.example",
  "app.example@evil.example",
  "evil.example:443",
  "[::1]",
  "2130706433",
  "еvil.example",
  "evil。example",
];
const forms = [
  "//H",
  "///H",
  "////H",
  "/\\H",
  "\\\\H",
  "\\/H",
  "https:H",
  "https:/H",
  "https://H",
  "HTTPS://H",
  "http://H",
  "/\t/H",
  "\t//H",
  " //H",
  "//H ",
  "/%09/H",
  "\n//H",
  "/\r\n/H",
  "//\u0000H",
  "https:\\\\H",
  "https://app.example@H",
  "https://app.example:x@H",
  "https://app.example\\@H",
  "https://app.example%40H",
  "https://app.example.H",
  "https://H#app.example",
  "https://H?app.example",
  "https://H/app.example",
  "javascript://H/%0aalert(1)",
];
const others = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "file:///etc/passwd",
  "blob:x",
  "ftp://evil.example",
  "about:blank",
  "mailto:a@evil.example",
  "x:y",
  ":",
  "://",
  "",
  " ",
  "\u0000",
  "\u2028//evil.example",
  "https://",
  "http:",
  "https:///",
  "?//evil.example",
  "#//evil.example",
  "evil.example",
  "./../..//evil.example",
  "app.example",
];
const corpus = [...forms.flatMap((form) => hosts.map((host) => form.replaceAll("H", host))), ...others];

test("a corpus of more than 200 hostile forms: none leaves the site", () => {
  expect(new Set(corpus).size).toBeGreaterThanOrEqual(200);
  const left = corpus.filter((given) => {
    const target = safeTarget(given, origin, [], "/home");
    return new URL(target, `${origin}/login`).origin !== origin || target.startsWith("//");
  });
  expect(left).toEqual([]);
});

test("what is no string, or too long, is the default", () => {
  for (const given of [undefined, null, 7, {}, ["/a"], `/${"a".repeat(2_048)}`]) {
    expect(safeTarget(given, origin, [], "/home")).toBe("/home");
  }
});

test("own paths, and origins that are allowed by name, are kept", () => {
  const allowed = ["https://other.example"];
  expect(safeTarget("/a//b?c=//d#e", origin, allowed, "/")).toBe("https://app.example/a//b?c=//d#e");
  expect(safeTarget("https://app.example//evil.example", origin, allowed, "/")).toBe(
    "https://app.example//evil.example",
  );
  expect(safeTarget("https://other.example/x", origin, allowed, "/")).toBe("https://other.example/x");
  expect(safeTarget("https://other.example.evil.example/x", origin, allowed, "/")).toBe("/");
});

test("what travels as RelayState is at most 80 bytes", () => {
  expect(createHandle()).toMatch(/^[A-Za-z0-9_-]{43}$/);
});
