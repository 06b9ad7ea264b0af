import { keepFromCaches } from "../http/cache-fields.ts";
import { signatureNameOf } from "../http/read-cookie.ts";
import { copyCookies, endSecond, knownTail, putCookie, putPair, takeTail } from "./cookie-tail.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";
import { type ShownKey, signatureByFirst } from "./shown-key.ts";

const EPOCH = new Date(0);
const passedOn = [
  "path",
  "domain",
  "secure",
  "httpOnly",
  "sameSite",
  "priority",
  "partitioned",
  "overwrite",
  "signed",
] as const;

/**
 * Tell the browser the session's key: through Koa's `ctx.cookies`, on no response that is public for caches.
 * A signature that is known is not made again, and a new one not as Koa makes it: that builds a stream for each.
 */
export function sendKey(
  ctx: KoaContext,
  options: Partial<KoaSessionConfig>,
  key: string,
  shown: ShownKey | undefined,
): void {
  if (options.externalKey !== undefined) options.externalKey.set(ctx as never, key);
  else if (keepFromCaches(ctx.res)) setKey(ctx, options, shown?.key === key ? shown : { key });
}

function setKey(ctx: KoaContext, options: Partial<KoaSessionConfig>, shown: ShownKey): void {
  const { key: name = "", signed, overwrite } = options;
  const signature = shown.signature ?? signatureByFirst(ctx.app.keys, name, shown.key);
  if (signed !== true || signature === undefined)
    askKoa(ctx, name, shown.key, cookieOptions(options, true, ctx.secure === true));
  else if (overwrite === true)
    setPair(ctx, options, { key: shown.key, signature }, shown.signature !== undefined);
  else {
    const plain = { ...cookieOptions(options, true, ctx.secure === true), signed: false };
    askKoa(ctx, name, shown.key, plain);
    askKoa(ctx, signatureNameOf(name), signature, plain);
  }
}

/** The key and its signature, with the same attributes: Koa is asked to write those once. */
function setPair(
  ctx: KoaContext,
  options: Partial<KoaSessionConfig>,
  { key: value, signature }: Required<Pick<ShownKey, "key" | "signature">>,
  isShown: boolean,
): void {
  const { key: name = "" } = options;
  const known = knownTail(ctx, options, value, isShown);
  if (known !== undefined) {
    putPair(ctx.res, name, value + known, signature + known);
    return;
  }
  const end = endSecond(options);
  const plain = { ...cookieOptions(options, true, ctx.secure === true), signed: false };
  askKoa(ctx, name, value, plain);
  const tail = takeTail(ctx, options, end, `${name}=${value}`);
  if (tail === undefined) askKoa(ctx, signatureNameOf(name), signature, plain);
  else putCookie(ctx.res, signatureNameOf(name), signature + tail);
}

/** To a list that the application gave, Koa would add. */
function askKoa(ctx: KoaContext, name: string, value: string, cookie: object): void {
  copyCookies(ctx.res);
  ctx.cookies.set(name, value, cookie);
}

/** Make the browser forget it. */
export function clearKey(ctx: KoaContext, options: Partial<KoaSessionConfig>): void {
  if (options.externalKey !== undefined || !keepFromCaches(ctx.res)) return;
  askKoa(ctx, options.key ?? "", "", cookieOptions(options, false, ctx.secure === true));
}

/** What Koa's `cookies.set` is given: only what was chosen, since an undefined attribute undoes its default. */
function cookieOptions(options: Partial<KoaSessionConfig>, isSet: boolean, isEncrypted: boolean): object {
  const isPlain = !(options.secure ?? isEncrypted);
  const chosen: Record<string, unknown> = {};
  for (const name of passedOn) {
    const value = isPlain ? overPlainHttp(name, options[name]) : options[name];
    if (value !== undefined) chosen[name] = value;
  }
  if (!isSet) chosen.expires = EPOCH;
  else if (typeof options.maxAge === "number") chosen.maxAge = options.maxAge;
  return chosen;
}

/** Browsers drop SameSite=None and Partitioned without Secure: there they are left out. */
function overPlainHttp(name: (typeof passedOn)[number], value: unknown): unknown {
  if (name === "partitioned") return undefined;
  return name === "sameSite" && String(value).toLowerCase() === "none" ? "lax" : value;
}

/** For the list of a user's sessions. */
export function describeDevice(ctx: KoaContext): { userAgent?: string; address?: string } {
  const userAgent = ctx.req.headers["user-agent"];
  return { ...(userAgent !== undefined && { userAgent }), ...(ctx.ip !== undefined && { address: ctx.ip }) };
}
