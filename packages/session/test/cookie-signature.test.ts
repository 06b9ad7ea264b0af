import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HmacKey } from "../src/http/hmac-key.ts";
import { readCookies, readSignedCookies } from "../src/http/read-cookie.ts";
import { CookieSigner } from "../src/http/signed-cookie.ts";

/** As cookie-signature makes it: base64 without padding. */
function reference(secret: string | Uint8Array, text: string): string {
  return createHmac("sha256", secret).update(text).digest("base64").replace(/=+$/, "");
}

describe("HmacKey", () => {
  it("signs as node:crypto does, whatever the length of the key", () => {
    for (let length = 0; length <= 200; length += 1) {
      const secret = randomBytes(length);
      const text = randomBytes(length).toString("base64url");
      expect(new HmacKey(secret).sign(text), `${length} bytes`).toBe(reference(secret, text));
    }
  });

  it("signs as node:crypto does, whatever the texts", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary", maxLength: 150 }), fc.uint8Array({ maxLength: 150 })),
        fc.string({ unit: "binary", maxLength: 300 }),
        (secret, text) => {
          expect(new HmacKey(secret).sign(text)).toBe(reference(secret, text));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("HmacKey", () => {
  it.each(["base64", "base64url"] as const)("takes a signature in %s to the letter alone", (encoding) => {
    for (const algorithm of ["sha256", "sha1"] as const) {
      const key = new HmacKey("keyboard cat", algorithm);
      const good = key.sign("the-id", encoding);
      expect(key.hasSigned("the-id", good, encoding)).toBe(true);
      expect(key.hasSigned("the-ie", good, encoding)).toBe(false);
      for (const text of ["", "=", `${good}=`, `${good}A`, good.slice(1), good.slice(0, -1)])
        expect(key.hasSigned("the-id", text, encoding), text).toBe(false);
      for (let at = 0; at < good.length; at += 1) {
        const code = good.charCodeAt(at);
        // The last two have the same low byte, or none: what is cut to bytes carelessly takes them for the letter.
        for (const other of [code ^ 1, code + 0x100, code + 0x4e00, 0]) {
          const text = good.slice(0, at) + String.fromCharCode(other) + good.slice(at + 1);
          expect(key.hasSigned("the-id", text, encoding), `${at}: ${other}`).toBe(false);
        }
      }
    }
  });
});

describe("HmacKey that remembers", () => {
  it("answers the same as one that does not, the first time and later", () => {
    const key = new HmacKey("keyboard cat");
    const good = key.sign("the-id");
    const wrong = `${good[0] === "A" ? "B" : "A"}${good.slice(1)}`;
    const ask = (text: string, signature: string): boolean =>
      key.hasSigned(text, signature, "base64", "a hash of the-id");
    const answers = [wrong, good, wrong, good, good.slice(1), `${good}A`, good];
    expect(answers.map((signature) => ask("the-id", signature))).toEqual([
      false,
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it("answers right about more texts than it remembers", () => {
    const key = new HmacKey("keyboard cat");
    const texts = Array.from({ length: 10_000 }, (_, at) => `id-${at}`);
    for (let round = 0; round < 2; round++)
      for (const text of texts)
        if (!key.hasSigned(text, key.sign(text), "base64", text)) throw new Error(`refused ${text}`);
    expect(key.hasSigned("id-1", key.sign("id-2"), "base64", "id-1")).toBe(false);
  });
});

/** Headers that are nearly right: the pieces that a parser looks for, in any order. */
const piece = fc.oneof(
  fc.constantFrom(
    "connect.sid",
    "=",
    ";",
    "; ",
    '"',
    "s:",
    "s%3A",
    ".",
    "%",
    "%ff",
    ",",
    " ",
    "\t",
    "__Host-",
  ),
  fc.string({ maxLength: 12 }),
);
const header = fc.array(piece, { maxLength: 120 }).map((pieces) => pieces.join(""));

describe("a hostile Cookie header", () => {
  const signer = new CookieSigner(["keyboard cat", "an older one"]);

  it("throws nothing, opens nothing, and offers at most eight values", () => {
    fc.assert(
      fc.property(header, (text) => {
        const values = readCookies(text, "connect.sid");
        expect(values.length).toBeLessThanOrEqual(8);
        for (const value of values) expect(text).toContain(value);
        expect(signer.read(text, "connect.sid")).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
  });

  it("is read in one go as it is read twice, for values and for their signatures", () => {
    const pieces = fc.oneof(
      piece,
      fc.constantFrom(".sig", "connect.sid.sig", "connect.sid.sig=", "; connect.sid="),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 120 }), (texts) => {
        const text = texts.join("");
        expect(readSignedCookies(text, "connect.sid")).toEqual({
          values: readCookies(text, "connect.sid"),
          signatures: readCookies(text, "connect.sid.sig"),
        });
      }),
      { numRuns: 5_000 },
    );
  });

  it("hides no cookie that is well signed, unless eight others come before it", () => {
    const good = `connect.sid=${encodeURIComponent(signer.sign("the-id"))}`;
    const planted = fc.array(
      fc.string({ maxLength: 20 }).map((text) => `connect.sid=${text.replaceAll(/[;\s"]/g, "")}`),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(planted, (others) => {
        const found = signer.read([...others, good].join("; "), "connect.sid");
        expect(found?.id).toBe(others.length < 8 ? "the-id" : undefined);
      }),
      { numRuns: 2_000 },
    );
  });
});
