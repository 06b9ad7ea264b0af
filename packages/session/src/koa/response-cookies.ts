import type { ServerResponse } from "node:http";
import { keepFromCaches } from "../http/cache-fields.ts";
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
  const { key: name = "", signed } = options;
  const cookie = cookieOptions(options, true, ctx.secure === true);
  const signature = shown.signature ?? signatureByFirst(ctx.app.keys, `${name}=${shown.key}`);
  if (signed !== true || signature === undefined) {
    ctx.cookies.set(name, shown.key, cookie);
    return;
  }
  const plain = { ...cookie, signed: false };
  ctx.cookies.set(name, shown.key, plain);
  if (options.overwrite !== true || !addLike(ctx.res, `${name}=${shown.key}`, `${name}.sig`, signature))
    ctx.cookies.set(`${name}.sig`, signature, plain);
}

/**
 * Set another cookie with the attributes of the one that was set just now, in place of others of its name. False:
 * that one is not to be found.
 */
function addLike(response: ServerResponse, last: string, name: string, value: string): boolean {
  const fields = response.getHeader("Set-Cookie");
  const field = Array.isArray(fields) ? fields.at(-1) : undefined;
  if (field?.startsWith(`${last}; `) !== true || !Array.isArray(fields)) return false;
  const others = fields.filter((other) => !other.startsWith(`${name}=`));
  response.setHeader("Set-Cookie", [...others, `${name}=${value}${field.slice(last.length)}`]);
  return true;
}

/** Make the browser forget it. */
export function clearKey(ctx: KoaContext, options: Partial<KoaSessionConfig>): void {
  if (options.externalKey !== undefined || !keepFromCaches(ctx.res)) return;
  ctx.cookies.set(options.key ?? "", "", cookieOptions(options, false, ctx.secure === true));
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
