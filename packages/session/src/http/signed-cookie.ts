import type { SessionKey } from "../backend.ts";
import { sessionKey } from "../engine/session-id.ts";
import { OptionError } from "../errors.ts";
import { HmacKey } from "./hmac-key.ts";
import { decodeValue, readCookies } from "./read-cookie.ts";

/** A secret as express-session takes it. */
export type Secret = string | Uint8Array;

/**
 * The signature that express-session and cookie-signature put on a cookie: `s:` value `.`
 * base64(hmac-sha256(value)) without padding. The first secret signs, all are tried on reading.
 */
export class CookieSigner {
  readonly #keys: readonly HmacKey[];

  constructor(secrets: readonly Secret[]) {
    this.#keys = secrets.map((secret) => new HmacKey(secret));
  }

  sign(id: string): string {
    return `s:${id}.${(this.#keys[0] as HmacKey).sign(id)}`;
  }

  /** The first well signed cookie called `name`. `undefined`: none is. */
  read(header: string | undefined, name: string): SignedCookie | undefined {
    for (const value of readCookies(header, name)) {
      const decoded = decodeValue(value);
      const found = decoded.startsWith("s:") ? this.#verify(decoded) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #verify(value: string): SignedCookie | undefined {
    const dot = value.lastIndexOf(".");
    // 43: base64 of 32 bytes without padding. Anything else needs no arithmetic.
    if (dot < 3 || value.length - dot - 1 !== 43) return undefined;
    const id = value.slice(2, dot);
    const signature = value.slice(dot + 1);
    const key = sessionKey(id);
    const signer = this.#keys.findIndex((secret) => secret.hasSigned(id, signature, "base64", key));
    return signer < 0 ? undefined : { id, key, value, isCurrent: signer === 0 };
  }
}

/** A cookie that one of our secrets signed. */
export interface SignedCookie {
  readonly id: string;
  /** Of the session. */
  readonly key: SessionKey;
  /** With its signature. */
  readonly value: string;
  /** The first secret signed it: {@link CookieSigner.sign} would answer just this value. */
  readonly isCurrent: boolean;
}

/** The `secret` option: one, or a list whose first signs. Throws {@link OptionError}. */
export function readSecrets(option: unknown): readonly Secret[] {
  if (Array.isArray(option) && option.length === 0) {
    throw new OptionError("secret", "secret option array must contain one or more strings");
  }
  const secrets: unknown[] = Array.isArray(option) ? option : [option];
  for (const secret of secrets) {
    if (secret === undefined || secret === null || secret === false || secret === "") {
      throw new OptionError(
        "secret",
        "secret option required for sessions: a text of 32 random bytes, or a list of them",
      );
    }
    if (typeof secret !== "string" && !(secret instanceof Uint8Array)) {
      throw new OptionError(
        "secret",
        `must be a string or a Buffer, or a list of them, not ${typeof secret}`,
      );
    }
  }
  return secrets as Secret[];
}
