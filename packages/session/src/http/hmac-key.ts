import { createHash, hash } from "node:crypto";

const BLOCK_BYTES = 64;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, base64 without padding. Two one-shot hashes over prepared blocks take
 * half the time of `createHmac`, which builds a stream for each message; every request pays for one.
 */
export class HmacKey {
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  constructor(secret: string | Uint8Array) {
    const bytes = typeof secret === "string" ? Buffer.from(secret) : secret;
    const key = bytes.length > BLOCK_BYTES ? createHash("sha256").update(bytes).digest() : bytes;
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(key);
    this.#inner = block.map((byte) => byte ^ 0x36) as Buffer;
    this.#outer = block.map((byte) => byte ^ 0x5c) as Buffer;
  }

  sign(text: string): string {
    const inner = hash("sha256", Buffer.concat([this.#inner, Buffer.from(text)]), "buffer");
    return hash("sha256", Buffer.concat([this.#outer, inner]), "base64").slice(0, 43);
  }
}
