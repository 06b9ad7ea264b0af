import { randomBytes } from "node:crypto";
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
  // In the common case Koa's own reader also renews a signature that an older key made.
  if (values.length < 2) return ctx.cookies.get(name, { signed }) || undefined;
  return firstSigned(ctx, name, values, readCookies(cookie, `${name}.sig`));
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
