import type { ServerResponse } from "node:http";
import { signatureNameOf } from "../http/read-cookie.ts";
import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";

/** What follows name and value in a Set-Cookie field, as Koa's `cookies.set` wrote it, and what it depends on. */
interface CookieTail {
  readonly text: string;
  readonly isEncrypted: boolean;
  /** What `ctx.cookies` holds of it, which an application may set. */
  readonly secure: unknown;
  /** The second in which the cookie ends, which is in the text; 0 where none is. */
  readonly endSecond: number;
}

/** A value that needs no checking. Koa checks the others, of which `genid` may make any. */
const PLAIN = /^[\w.~-]{1,256}$/;

/** Options → the last tail: cookies of the same options differ in nothing but their values, for a second at least. */
const tails = new WeakMap<object, CookieTail>();

/** The tail that `cookies.set` would write now; `undefined`: it must be asked. `isShown`: the value came in a cookie. */
export function knownTail(
  ctx: KoaContext,
  options: Partial<KoaSessionConfig>,
  value: string,
  isShown: boolean,
): string | undefined {
  const tail = tails.get(options);
  if (tail === undefined || tail.isEncrypted !== (ctx.secure === true)) return undefined;
  const { secure, set } = ctx.cookies;
  if (tail.secure !== secure || tail.endSecond !== endSecond(options) || !isKoas(set)) return undefined;
  return isShown || PLAIN.test(value) ? tail.text : undefined;
}

/**
 * Takes the tail from the field that was written just now, and keeps it unless the second passed meanwhile. `end`: of
 * the cookie, before it was written. `undefined`: the field is not to be found.
 */
export function takeTail(
  ctx: KoaContext,
  options: Partial<KoaSessionConfig>,
  end: number,
  pair: string,
): string | undefined {
  const fields = ctx.res.getHeader("set-cookie");
  const field = Array.isArray(fields) ? fields.at(-1) : undefined;
  if (field?.startsWith(`${pair}; `) !== true) return undefined;
  const text = field.slice(pair.length);
  if (end === endSecond(options)) {
    const { secure } = ctx.cookies;
    tails.set(options, { text, isEncrypted: ctx.secure === true, secure, endSecond: end });
  }
  return text;
}

const koas = new WeakMap<object, boolean>();

/** Whether nobody put another in the place of Koa's `cookies.set`, as is done for browsers that err on `SameSite`. */
function isKoas(set: object): boolean {
  let isIt = koas.get(set);
  if (isIt === undefined) {
    isIt = Function.prototype.toString.call(set).includes("pushCookie(headers, cookie)");
    koas.set(set, isIt);
  }
  return isIt;
}

/** The second in which a cookie ends that is set now; 0: when the browser closes. */
export function endSecond({ maxAge }: Partial<KoaSessionConfig>): number {
  return typeof maxAge === "number" ? Math.floor((Date.now() + maxAge) / 1_000) : 0;
}

/**
 * A list of fields that the application gave is its own, perhaps a constant: what Node or Koa added to it would go to
 * other browsers, too.
 */
export function copyCookies(response: ServerResponse): void {
  const fields = response.getHeader("set-cookie");
  if (Array.isArray(fields)) response.setHeader("Set-Cookie", [...fields]);
}

/** Adds the field of a cookie, in the place of others of its name. `text`: what follows the name and its `=`. */
export function putCookie(response: ServerResponse, name: string, text: string): void {
  const field = `${name}=${text}`;
  const fields = response.getHeader("set-cookie");
  if (fields === undefined) {
    response.setHeader("Set-Cookie", field);
    return;
  }
  const others = (Array.isArray(fields) ? fields : [String(fields)]).filter(
    (other) => !other.startsWith(`${name}=`),
  );
  response.setHeader("Set-Cookie", [...others, field]);
}

/** {@link putCookie} for a cookie and for its signature. */
export function putPair(response: ServerResponse, name: string, text: string, signatureText: string): void {
  const signatureName = signatureNameOf(name);
  if (response.getHeader("set-cookie") === undefined) {
    // One after the other: Node joins what comes as a list to check it.
    response.appendHeader("Set-Cookie", `${name}=${text}`);
    response.appendHeader("Set-Cookie", `${signatureName}=${signatureText}`);
  } else {
    putCookie(response, name, text);
    putCookie(response, signatureName, signatureText);
  }
}
