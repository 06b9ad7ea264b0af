import { randomBytes } from "node:crypto";
import type { SessionKey } from "../backend.ts";
import { isKnownId, sessionKey } from "../engine/session-id.ts";
import { HmacKey } from "../http/hmac-key.ts";
import { isHoldable } from "../http/hold.ts";
import { readCookies, readSignedCookies } from "../http/read-cookie.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";
import { RememberedIds } from "./remembered-ids.ts";

/** How many pairs of a value and a signature are tried: each costs one HMAC for each of `app.keys`. */
const MOST_PAIRS = 16;

/** What the browser showed. */
export interface ShownKey {
  readonly key: string;
  /** By the first of `app.keys`, as Keygrip would make it again; absent: nobody knows. */
  readonly signature?: string;
  /** Of the session; absent: it was not asked for. */
  readonly sessionKey?: SessionKey;
  /** It was shown before, and is of a form that the engine knows. */
  readonly isKnown?: boolean;
}

/** The key that the browser showed: of several cookies of the name the first that is well signed. */
export function shownKey(ctx: KoaContext, config: KoaSessionConfig): ShownKey | undefined {
  const { key: name, signed, externalKey } = config;
  if (externalKey !== undefined) return asShown(externalKey.get(ctx as never));
  const { cookie } = ctx.req.headers;
  if (cookie === undefined) return undefined;
  if (!signed) return asShown(readCookies(cookie, name)[0]);
  const { values, signatures } = readSignedCookies(cookie, name);
  if (values.length > 1) return asShown(firstSigned(ctx, name, values, signatures));
  const [value = ""] = values;
  const [signature] = signatures;
  const shown = value === "" ? undefined : shownByFirst(ctx.app.keys, name, value, signature);
  if (shown !== undefined) return shown;
  // Koa's own reader also takes what an older key signed, and signs it anew, where there is a response.
  if (!isHoldable(ctx.res)) return asShown(firstSigned(ctx, name, values, signatures));
  return asShown(ctx.cookies.get(name, { signed }));
}

function asShown(key: string | undefined): ShownKey | undefined {
  return key ? { key } : undefined;
}

/**
 * The signature that Keygrip makes by default: HMAC-SHA-1 of `name=value` in base64url, under the first of `app.keys`.
 * `undefined`: they are none of which that is known.
 */
export function signatureByFirst(keys: unknown, name: string, value: string): string | undefined {
  return signerOf(keys, name)?.hmac.sign(`${name}=${value}`, "base64url");
}

/**
 * What was shown, if the first of `app.keys` made its signature. Keygrip compares through two more HMACs under a
 * random key, which costs five times as much. `undefined` says nothing: another key may have made it, or a Keygrip of
 * another algorithm.
 */
function shownByFirst(
  keys: unknown,
  name: string,
  value: string,
  signature: string | undefined,
): ShownKey | undefined {
  if (signature === undefined) return undefined;
  const signer = signerOf(keys, name);
  if (signer === undefined) return undefined;
  const known = signer.ids.find(value, signature);
  if (known !== undefined) return { key: value, signature, sessionKey: known, isKnown: true };
  const key = sessionKey(value);
  // Of another form than is known, the hash remembers the signature.
  const isOfForm = isKnownId(value);
  if (!signer.hmac.hasSigned(`${name}=${value}`, signature, "base64url", isOfForm ? undefined : key))
    return undefined;
  if (isOfForm) signer.ids.remember(value, signature, key);
  return { key: value, signature, sessionKey: key };
}

/** An application may choose the name by the request. */
const MOST_NAMES = 64;

interface Signer {
  readonly secret: string;
  readonly hmac: HmacKey;
  readonly ids: RememberedIds;
}

/** Cookie name → who signs its values with the first of `app.keys`, which may change. */
const signers = new Map<string, Signer>();

function signerOf(keys: unknown, name: string): Signer | undefined {
  const secret: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof secret !== "string") return undefined;
  let signer = signers.get(name);
  if (signer?.secret !== secret) {
    signer = { secret, hmac: new HmacKey(secret, "sha1"), ids: new RememberedIds() };
    if (signers.size >= MOST_NAMES) signers.clear();
    signers.set(name, signer);
  }
  return signer;
}

function firstSigned(
  ctx: KoaContext,
  name: string,
  values: readonly string[],
  signatures: readonly string[],
): string | undefined {
  const pairs = values.flatMap((value) => signatures.map((signature) => [value, signature] as const));
  const good = pairs
    .slice(0, MOST_PAIRS)
    .find(([value, signature]) => (ctx.cookies.keys?.index(`${name}=${value}`, signature) ?? -1) >= 0);
  return good?.[0] || undefined;
}

/**
 * A new key: 256 random bits, where koa-session's UUID has 122 (OWASP ASVS 5.0 11.5.1). It begins as a UUID
 * does, eight hexadecimal digits and a dash, for whoever tells keys by that.
 */
export function createKey(): string {
  const digits = randomBytes(32).toString("hex");
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
