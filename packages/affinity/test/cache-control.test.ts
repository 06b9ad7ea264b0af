import { describe, expect, it } from "vitest";
import { withoutSharedStorage } from "../src/cache-control.ts";

describe("withoutSharedStorage", () => {
  it.each([
    ["", "private"],
    ["no-store", "private, no-store"],
    ["no-cache", "private, no-cache"],
    ["public", "private"],
    ["private", "private"],
    ["public, max-age=60", "private, max-age=60"],
    ["PUBLIC , Max-Age=60,S-MaxAge=5", "private, Max-Age=60"],
    ["max-age=60, must-revalidate, immutable", "private, max-age=60, must-revalidate, immutable"],
    ['private="x-user, x-cart", max-age=5', "private, max-age=5"],
    ['no-cache="Set-Cookie"', 'private, no-cache="Set-Cookie"'],
    ['ext="a, public, \\" b", public', 'private, ext="a, public, \\" b"'],
    [", ,public,, max-age = 1,", "private, max-age = 1"],
    ['public, ext="open', "private, no-store"],
    ["public max-age=1", "private, no-store"],
    ["public; max-age=1", "private, no-store"],
  ])("%j becomes %j", (given, expected) => {
    expect(withoutSharedStorage(given)).toBe(expected);
  });

  it("never leaves a word that lets a shared cache store", () => {
    const words = [
      "public",
      "s-maxage=9",
      "private=x",
      "max-age=1",
      "no-cache",
      '"',
      ",",
      " ",
      "=",
      ";",
      "PUBLIC",
    ];
    for (let seed = 0; seed < 20_000; seed++) {
      let text = "";
      for (let rest = seed; rest > 0; rest = Math.floor(rest / words.length))
        text += words[rest % words.length];
      const answer = withoutSharedStorage(text).split(", ");
      expect(answer[0], text).toBe("private");
      expect(
        answer.filter((word) => /^(?:public$|s-maxage(?:=|$)|private=)/i.test(word)),
        text,
      ).toEqual([]);
    }
  });
});
