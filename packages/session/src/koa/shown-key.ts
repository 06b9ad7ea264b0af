import { randomBytes } from "node:crypto";
import { HmacKey } from "../http/hmac-key.ts";
import { readCookies } from "../http/read-cookie.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";

/** How many pairs of a value and a signature are tried: each costs one HMAC for each of `app.keys`. */
const MOST_PAIRS = 16;

/** The key that the browser showed: of several cookies of the name the first that is well signed. */
export function shownKey(ctx: KoaContext, config: KoaSessionConfig): string | undefined {
  const { key: name, signed, externalKey } = config;
  if (externalKey !== undefined) return externalKey.get(ctx as never) || undefined;
  const { cookie } = ctx.req.headers;
  if (cookie === undefined) return undefined;
  const values = readCookies(cookie, name);
  if (!signed) return values[0] || undefined;
  const signatures = readCookies(cookie, `${name}.sig`);
  if (values.length > 1) return firstSigned(ctx, name, values, signatures);
  const [value = ""] = values;
  if (isSignedByFirst(ctx.app.keys, `${name}=${value}`, signatures[0])) return value || undefined;
  // Koa's own reader also takes what an older key signed, and signs it anew.
  return ctx.cookies.get(name, { signed }) || undefined;
}

let firstKey: { readonly secret: string; readonly hmac: HmacKey } | undefined;

/**
 * Whether the first of `app.keys` made a signature, as Keygrip does by default: HMAC-SHA-1 in base64url. Keygrip
 * compares through two more HMACs under a random key, which costs five times as much. `false` says nothing:
 * another key may have made it, or a Keygrip of another algorithm.
 */
function isSignedByFirst(keys: unknown, data: string, signature: string | undefined): boolean {
  const secret: unknown = Array.isArray(keys) ? keys[0] : undefined;
  if (typeof secret !== "string" || signature === undefined) return false;
  if (firstKey?.secret !== secret) firstKey = { secret, hmac: new HmacKey(secret, "sha1") };
  return firstKey.hmac.hasSigned(data, signature, "base64url");
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
