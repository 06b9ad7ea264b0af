import { randomBytes } from "node:crypto";
import { HmacKey } from "../http/hmac-key.ts";
import { isHoldable } from "../http/hold.ts";
import { readCookies } from "../http/read-cookie.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";

/** How many pairs of a value and a signature are tried: each costs one HMAC for each of `app.keys`. */
const MOST_PAIRS = 16;

/** What the browser showed. */
export interface ShownKey {
  readonly key: string;
  /** By the first of `app.keys`, as Keygrip would make it again; absent: nobody knows. */
  readonly signature?: string;
}

/** The key that the browser showed: of several cookies of the name the first that is well signed. */
export function shownKey(ctx: KoaContext, config: KoaSessionConfig): ShownKey | undefined {
  const { key: name, signed, externalKey } = config;
  if (externalKey !== undefined) return asShown(externalKey.get(ctx as never));
  const { cookie } = ctx.req.headers;
  if (cookie === undefined) return undefined;
  const values = readCookies(cookie, name);
  if (!signed) return asShown(values[0]);
  const signatures = readCookies(cookie, `${name}.sig`);
  if (values.length > 1) return asShown(firstSigned(ctx, name, values, signatures));
  const [value = ""] = values;
  const [signature] = signatures;
  if (value !== "" && isSignedByFirst(ctx.app.keys, `${name}=${value}`, signature))
    return { key: value, signature: signature as string };
  // Koa's own reader also takes what an older key signed, and signs it anew, where there is a response.
  if (!isHoldable(ctx.res)) return asShown(firstSigned(ctx, name, values, signatures));
  return asShown(ctx.cookies.get(name, { signed }));
}

function asShown(key: string | undefined): ShownKey | undefined {
  return key ? { key } : undefined;
}

/**
 * The signature that Keygrip makes by default: HMAC-SHA-1 in base64url, under the first of `app.keys`. `undefined`:
 * they are none of which that is known.
 */
export function signatureByFirst(keys: unknown, data: string): string | undefined {
  return hmacOf(keys)?.sign(data, "base64url");
}

/**
 * Whether the first of `app.keys` made a signature. Keygrip compares through two more HMACs under a random key,
 * which costs five times as much. `false` says nothing: another key may have made it, or a Keygrip of another
 * algorithm.
 */
function isSignedByFirst(keys: unknown, data: string, signature: string | undefined): boolean {
  return signature !== undefined && hmacOf(keys)?.hasSigned(data, signature, "base64url") === true;
}

let firstKey: { readonly secret: string; readonly hmac: HmacKey } | undefined;

function hmacOf(keys: unknown): HmacKey | undefined {
  const secret: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof secret !== "string") return undefined;
  if (firstKey?.secret !== secret) firstKey = { secret, hmac: new HmacKey(secret, "sha1") };
  return firstKey.hmac;
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
