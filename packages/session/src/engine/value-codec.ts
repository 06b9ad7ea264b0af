import { deflateRawSync, inflateRawSync } from "node:zlib";
import { isShortCookie, restoreCookie, shortenCookie } from "./cookie-attribute.ts";
import { SerializeError, UndecodableError } from "./errors.ts";
import type { RecordSeal } from "./key-ring.ts";
import type { Serializer } from "./serializer.ts";

/**
 * The first character of a stored value says what it is; JSON starts with none of these, so a plain JSON
 * value is stored as it is. `=` text that would be mistaken · `b` bytes · `z` deflated · `e` sealed ·
 * `~` a cookie's settings, shortened.
 */
const markCodes = new Set([..."=bze~"].map((mark) => mark.charCodeAt(0)));

/** What one value may inflate to: a bound against a crafted record, far above any session. */
const MOST_INFLATED_BYTES = 64 * 1024 * 1024;

/** A value on its way between the application and the backend: value ⇄ text (compared) ⇄ stored. */
export class ValueCodec {
  readonly #serializer: Serializer;
  readonly #compressAboveBytes: number;
  /** With encryption on, a value that is not sealed is accepted only where this says so. */
  readonly #acceptsPlain: () => boolean;

  constructor(serializer: Serializer, compressAboveBytes: number, acceptsPlain: () => boolean) {
    this.#serializer = serializer;
    this.#compressAboveBytes = compressAboveBytes;
    this.#acceptsPlain = acceptsPlain;
  }

  /** The serialised text of a value, `undefined` when it serialises to nothing. Throws {@link SerializeError}. */
  stringify(name: string, value: unknown): string | undefined {
    const short = name === "cookie" ? shortenCookie(value) : undefined;
    if (short !== undefined) return short;
    let serialized: string | Uint8Array | undefined;
    try {
      serialized = this.#serializer.stringify(value);
    } catch (cause) {
      throw new SerializeError(name, cause instanceof Error ? firstLine(cause.message) : "unknown", {
        cause,
      });
    }
    if (serialized === undefined) return undefined;
    if (typeof serialized === "string") return isMarked(serialized) ? `=${serialized}` : serialized;
    if (serialized instanceof Uint8Array) return `b${Buffer.from(serialized).toString("base64url")}`;
    throw new SerializeError(
      name,
      "serializer.stringify must return a string, bytes or undefined, and no promise",
    );
  }

  /** `remainingMs`: of the session, for a cookie's `expires`. Throws {@link UndecodableError}. */
  parse(text: string, remainingMs: number): unknown {
    try {
      if (!isMarked(text)) return this.#serializer.parse(text);
      if (isShortCookie(text)) return restoreCookie(text, remainingMs, Date.now());
      if (text.startsWith("b"))
        return this.#serializer.parse(new Uint8Array(Buffer.from(text.slice(1), "base64url")));
      return this.#serializer.parse(text.startsWith("=") ? text.slice(1) : text);
    } catch (cause) {
      throw new UndecodableError("a value cannot be parsed", { cause });
    }
  }

  toStored(name: string, text: string, seal: RecordSeal | undefined): string {
    if (!name.isWellFormed() || !text.isWellFormed()) {
      throw new SerializeError(name, "its name or its text holds half of a surrogate pair");
    }
    const packed = this.#deflate(text);
    return seal === undefined ? packed : `e${seal.seal(name, packed)}`;
  }

  toText(name: string, stored: string, seal: RecordSeal | undefined): string {
    if (!stored.startsWith("e")) {
      if (seal !== undefined && !this.#acceptsPlain()) throw new UndecodableError("a value is not sealed");
      return inflate(stored);
    }
    if (seal === undefined) throw new UndecodableError("a value is sealed in a record that is not");
    return inflate(seal.unseal(name, stored.slice(1)));
  }

  #deflate(text: string): string {
    if (text.length <= this.#compressAboveBytes) return text;
    const deflated = `z${deflateRawSync(text).toString("base64url")}`;
    return deflated.length < text.length ? deflated : text;
  }
}

function inflate(packed: string): string {
  if (!packed.startsWith("z")) return packed;
  try {
    const bytes = Buffer.from(packed.slice(1), "base64url");
    return inflateRawSync(bytes, { maxOutputLength: MOST_INFLATED_BYTES }).toString("utf8");
  } catch (cause) {
    throw new UndecodableError("a compressed value cannot be inflated", { cause });
  }
}

function isMarked(text: string): boolean {
  return markCodes.has(text.charCodeAt(0));
}

/** V8 draws the path of a circular structure on further lines; the names in it are the application's data. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0]!;
}
