import { createHash, hash, timingSafeEqual } from "node:crypto";
import { RecentlyUsed } from "./recently-used.ts";

/** SHA-256 signs for Express as cookie-signature does, SHA-1 for Koa as Keygrip does. Both have blocks of 64 bytes. */
export type HmacAlgorithm = "sha256" | "sha1";

const BLOCK_BYTES = 64;
/** Longer texts are rare, and are given memory of their own. */
const MOST_TEXT_BYTES = 512;

/**
 * HMAC (RFC 2104) under one key, base64 without padding. Two one-shot hashes over prepared blocks take
 * half the time of `createHmac`, which builds a stream for each message; every request pays for one.
 */
export class HmacKey {
  readonly #algorithm: HmacAlgorithm;
  /** The key's block, and behind it room for the text. */
  readonly #inner: Buffer;
  /** The key's block, and behind it room for the inner hash. */
  readonly #outer: Buffer;
  /** Room for two signatures that are compared. */
  readonly #expected: Buffer;
  readonly #given: Buffer;
  /** Of texts that are asked for again and again, by their hash: neither is any use to who reads it here. */
  readonly #good = new RecentlyUsed<string>();

  constructor(secret: string | Uint8Array, algorithm: HmacAlgorithm = "sha256") {
    const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
    const key = bytes.length > BLOCK_BYTES ? createHash(algorithm).update(bytes).digest() : bytes;
    const hashBytes = algorithm === "sha256" ? 32 : 20;
    this.#algorithm = algorithm;
    this.#inner = Buffer.alloc(BLOCK_BYTES + MOST_TEXT_BYTES);
    this.#outer = Buffer.alloc(BLOCK_BYTES + hashBytes);
    this.#expected = Buffer.alloc(Math.ceil((hashBytes * 4) / 3));
    this.#given = Buffer.alloc(this.#expected.length);
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      this.#inner[at] = (key[at] ?? 0) ^ 0x36;
      this.#outer[at] = (key[at] ?? 0) ^ 0x5c;
    }
  }

  sign(text: string, encoding: "base64" | "base64url" = "base64"): string {
    const signature = this.#sign(text, encoding);
    return encoding === "base64" ? signature.slice(0, this.#expected.length) : signature;
  }

  /**
   * Whether `signature` is the one of `text`, without padding, to the letter. Compares in constant time.
   * `about`: a hash of the text, by which its signature is remembered once it was found good. No other text may have
   * that hash: what was good for the one would be taken for the other.
   */
  hasSigned(text: string, signature: string, encoding: "base64" | "base64url", about?: string): boolean {
    if (signature.length !== this.#expected.length) return false;
    if (about !== undefined && this.#remembers(about, signature)) return true;
    // What is no ASCII takes more room, and is bytes that no signature has.
    if (this.#given.write(signature) !== this.#given.length) return false;
    const expected = this.sign(text, encoding);
    if (!this.#isGiven(expected)) return false;
    if (about !== undefined) this.#good.set(about, expected);
    return true;
  }

  #remembers(about: string, signature: string): boolean {
    const known = this.#good.get(about);
    if (known === undefined || signature.length !== this.#given.length) return false;
    return this.#given.write(signature) === this.#given.length && this.#isGiven(known);
  }

  #isGiven(signature: string): boolean {
    this.#expected.write(signature);
    return timingSafeEqual(this.#expected, this.#given);
  }

  /** The inner hash travels as a string: to get it as a buffer takes four times as long. */
  #sign(text: string, encoding: "base64" | "base64url"): string {
    this.#outer.write(hash(this.#algorithm, this.#innerBlocks(text), "binary"), BLOCK_BYTES, "binary");
    return hash(this.#algorithm, this.#outer, encoding);
  }

  #innerBlocks(text: string): Buffer {
    // A character takes at most three bytes of UTF-8.
    if (text.length * 3 > MOST_TEXT_BYTES) {
      return Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES), Buffer.from(text)]);
    }
    return this.#inner.subarray(0, BLOCK_BYTES + this.#inner.write(text, BLOCK_BYTES));
  }
}
