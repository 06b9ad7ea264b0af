import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";
import cookieSignature from "cookie-signature";

/** What a cookie with a good signature says. */
export interface SignedClaim {
  /** When it was made, in whole seconds since 1970; null in a format that this release does not know. */
  readonly issuedAt: number | null;
  /** Made by the instance that reads it. */
  readonly isOwn: boolean;
}

interface Secret {
  readonly key: KeyObject;
  readonly markKey: string;
}

/** A claim, and whom it was read for. */
interface Remembered {
  readonly instance: string;
  readonly claim: SignedClaim;
}

interface Minted {
  readonly second: number;
  readonly random: Uint8Array;
  readonly instance: string;
  readonly value: string;
}

const signatureLength = 43;
const nonceBytes = 12;
const longestValue = 160;
const memoSize = 4_096;
const payload = /^1\.([\da-z]{7})\.([\w-]{16})\.([\w-]{16})$/;

/** `1.` issued at, nonce, mark and signature, each with its dot. */
export const signedValueLength = 87;

/**
 * The value of the sticky cookie: `1.<issued at>.<nonce>.<mark>.<signature>`, of letters, digits, `-`, `_` and
 * `.` alone: "Application Load Balancers do not support cookie values that are URL encoded" (ALB user guide).
 *
 * The mark says *made here* to the instance that made it and nothing to anyone else: it is a keyed hash of the
 * instance under the nonce. The signature covers the cookie's name, so a value is worthless under another name.
 *
 * Both directions remember what they computed last. It changes no answer: the same question has the same one.
 */
export class SignedValue {
  readonly #name: string;
  readonly #secrets: readonly Secret[];
  #recent = new Map<string, Remembered>();
  #older = new Map<string, Remembered>();
  #minted: Minted | null = null;

  constructor(name: string, secrets: readonly string[]) {
    this.#name = name;
    this.#secrets = secrets.map(readSecret);
  }

  /** A new value. `random` has 12 bytes or more; the same second, bytes and instance give the same value. */
  mint(second: number, random: Uint8Array, instance: string): string {
    const last = this.#minted;
    if (last?.second === second && last.random === random && last.instance === instance) return last.value;
    const secret = this.#secrets[0]!;
    const nonce = Buffer.from(random.subarray(0, nonceBytes)).toString("base64url");
    const mark = markOf(secret, nonce, instance);
    const claim = `1.${second.toString(36).padStart(7, "0")}.${nonce}.${mark}`;
    const signed = cookieSignature.sign(this.#prefixed(claim), secret.key);
    const value = toUrlSafe(signed.slice(this.#name.length + 1));
    this.#minted = { second, random, instance, value };
    return value;
  }

  /** The claim of a value that one of the secrets signed, else null. Answers any string. */
  verify(value: string, instance: string): SignedClaim | null {
    if (value.length > longestValue) return null;
    const recent = this.#recent.get(value);
    if (recent?.instance === instance) return recent.claim;
    const older = this.#older.get(value);
    const claim = older?.instance === instance ? older.claim : this.#unsign(value, instance);
    if (claim !== null && recent === undefined) this.#remember(value, { instance, claim });
    return claim;
  }

  #unsign(value: string, instance: string): SignedClaim | null {
    if (value.at(-signatureLength - 1) !== ".") return null;
    const signature = value.slice(-signatureLength);
    // The standard alphabet would be a second spelling of one signature.
    if (/[+/]/.test(signature)) return null;
    const claim = value.slice(0, -signatureLength - 1);
    const signed = `${this.#prefixed(claim)}.${signature.replaceAll("-", "+").replaceAll("_", "/")}`;
    const secret = this.#secrets.find(({ key }) => cookieSignature.unsign(signed, key) !== false);
    return secret === undefined ? null : readClaim(claim, secret, instance);
  }

  /** Two generations are a least-recently-used memory without its bookkeeping. Only what we signed gets in. */
  #remember(value: string, claim: Remembered): void {
    if (this.#recent.size >= memoSize) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    // A copy: a slice would keep the whole Cookie header alive.
    this.#recent.set(Buffer.from(value, "latin1").toString("latin1"), claim);
  }

  #prefixed(claim: string): string {
    return `${this.#name}=${claim}`;
  }
}

function readSecret(secret: string): Secret {
  const key = createSecretKey(secret, "utf8");
  return { key, markKey: createHmac("sha256", key).update("unstick affinity mark").digest("base64url") };
}

function readClaim(text: string, secret: Secret, instance: string): SignedClaim {
  const [, second = "", nonce = "", mark] = payload.exec(text) ?? [];
  if (second === "") return { issuedAt: null, isOwn: false };
  return { issuedAt: Number.parseInt(second, 36), isOwn: mark === markOf(secret, nonce, instance) };
}

/** Cut to 96 bits, so the hash cannot be extended; long enough that no two instances share a mark. */
function markOf(secret: Secret, nonce: string, instance: string): string {
  return hash("sha256", secret.markKey + nonce + instance, "base64url").slice(0, 16);
}

function toUrlSafe(signed: string): string {
  return signed.replaceAll("+", "-").replaceAll("/", "_");
}
