import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import type { SessionKey } from "../backend.ts";
import { OptionError } from "../errors.ts";
import { UndecodableError } from "./errors.ts";

/**
 * Encryption at rest. Every instance of a fleet must know a key before any instance seals with it, so a key
 * is rotated in three deployments: add it to `keys`; make it `active`; take the old one out of `keys` when
 * the longest lifetime of a session has passed. None of them logs anybody out.
 *
 * Encryption is turned on likewise: deploy `active: null` (reads sealed records, still writes plain ones);
 * then name the active key and set `acceptPlainUntil` to the end of the longest lifetime.
 */
export interface EncryptionOptions {
  /** Key id (1–16 of `[A-Za-z0-9_-]`) → 32 bytes, or the same in base64, base64url or hex. */
  readonly keys: Readonly<Record<string, string | Uint8Array>>;
  /** The key that seals. `null`: nothing is sealed yet. */
  readonly active: string | null;
  /** Until then records that are not sealed are still read. Default: they are damaged. */
  readonly acceptPlainUntil?: Date | string;
}

interface RecordKeys {
  readonly value: Buffer;
  readonly header: Buffer;
}

const NONCE_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_TAG_BYTES = 16;

/** Knows the secrets. Makes and opens the {@link RecordSeal} of a record. */
export class KeyRing {
  readonly #secrets: ReadonlyMap<string, Buffer>;
  readonly active: string | null;
  readonly #acceptPlainUntilMs: number;

  constructor(options: EncryptionOptions) {
    this.#secrets = readSecrets(options.keys);
    this.active = options.active;
    if (options.active !== null && !this.#secrets.has(options.active)) {
      throw new OptionError("encryption.active", "must be the id of one of encryption.keys, or null");
    }
    this.#acceptPlainUntilMs = readInstant(options.acceptPlainUntil);
  }

  /** Plain records are read in the two steps of turning encryption on, and in no other. */
  acceptsPlain(): boolean {
    return this.active === null || Date.now() < this.#acceptPlainUntilMs;
  }

  /** A seal for a new record, or `undefined` while nothing is sealed yet. */
  newSeal(): RecordSeal | undefined {
    if (this.active === null) return undefined;
    return new RecordSeal(this, this.active, randomBytes(NONCE_BYTES));
  }

  /** The seal of a stored record; throws {@link UndecodableError} unless its header was sealed for this key. */
  openSeal(keyId: string, nonce: string, tag: string, key: SessionKey): RecordSeal {
    const nonceBytes = Buffer.from(nonce, "base64url");
    if (nonceBytes.length !== NONCE_BYTES) throw new UndecodableError("its header is malformed");
    const seal = new RecordSeal(this, keyId, nonceBytes);
    const given = Buffer.from(tag, "base64url");
    const expected = seal.tagFor(keyId, key);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new UndecodableError("its header was not sealed for this session");
    }
    return seal;
  }

  /** Keys of one record: so a value cannot be moved to another record, and IVs need not be unique beyond it. */
  deriveKeys(keyId: string, nonce: Buffer): RecordKeys {
    const secret = this.#secrets.get(keyId);
    if (secret === undefined)
      throw new UndecodableError("it was sealed with a key that is not in encryption.keys");
    const bytes = Buffer.from(hkdfSync("sha256", secret, nonce, "unstick session record v1", 64));
    return { value: bytes.subarray(0, 32), header: bytes.subarray(32) };
  }
}

/** Seals and opens the values of one record. The nonce stays with the record when it is renamed. */
export class RecordSeal {
  readonly #ring: KeyRing;
  readonly #nonce: Buffer;
  readonly #keys = new Map<string, RecordKeys>();
  readonly keyId: string;

  constructor(ring: KeyRing, keyId: string, nonce: Buffer) {
    this.#ring = ring;
    this.#nonce = nonce;
    this.keyId = ring.active ?? keyId;
  }

  /** `<key id>.<nonce>.<tag>`: binds the record's nonce to the key it is stored under. */
  header(key: SessionKey): string {
    const tag = this.tagFor(this.keyId, key).toString("base64url");
    return `${this.keyId}.${this.#nonce.toString("base64url")}.${tag}`;
  }

  tagFor(keyId: string, key: SessionKey): Buffer {
    const mac = createHmac("sha256", this.#keysOf(keyId).header).update(key).digest();
    return mac.subarray(0, HEADER_TAG_BYTES);
  }

  /** `<key id>.<iv, ciphertext, tag>`. The attribute's name is authenticated with it. */
  seal(name: string, text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#keysOf(this.keyId).value, iv);
    cipher.setAAD(Buffer.from(name));
    const sealed = Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${this.keyId}.${sealed.toString("base64url")}`;
  }

  unseal(name: string, sealed: string): string {
    const dot = sealed.indexOf(".");
    const bytes = Buffer.from(sealed.slice(dot + 1), "base64url");
    if (dot < 1 || bytes.length < IV_BYTES + TAG_BYTES)
      throw new UndecodableError("a sealed value is malformed");
    const keys = this.#keysOf(sealed.slice(0, dot));
    const decipher = createDecipheriv("aes-256-gcm", keys.value, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const opened = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([opened, decipher.final()]).toString("utf8");
    } catch (cause) {
      throw new UndecodableError("a sealed value was altered, or belongs elsewhere", { cause });
    }
  }

  #keysOf(keyId: string): RecordKeys {
    let keys = this.#keys.get(keyId);
    if (keys === undefined) {
      keys = this.#ring.deriveKeys(keyId, this.#nonce);
      this.#keys.set(keyId, keys);
    }
    return keys;
  }
}

function readSecrets(keys: EncryptionOptions["keys"]): Map<string, Buffer> {
  const secrets = new Map<string, Buffer>();
  for (const [id, secret] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9_-]{1,16}$/.test(id)) {
      throw new OptionError("encryption.keys", "a key id is 1–16 characters of [A-Za-z0-9_-]");
    }
    const bytes = typeof secret === "string" ? decodeSecret(secret) : secret;
    if (!(bytes instanceof Uint8Array) || bytes.length !== 32)
      throw new OptionError(`encryption.keys.${id}`, "must be 32 bytes");
    secrets.set(id, Buffer.from(bytes));
  }
  if (secrets.size === 0) throw new OptionError("encryption.keys", "must name at least one key");
  return secrets;
}

function decodeSecret(text: string): Buffer {
  return /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64url");
}

function readInstant(instant: Date | string | undefined): number {
  if (instant === undefined) return Number.NEGATIVE_INFINITY;
  const time = new Date(instant).getTime();
  if (Number.isNaN(time))
    throw new OptionError("encryption.acceptPlainUntil", "must be a Date or an ISO 8601 date");
  return time;
}
