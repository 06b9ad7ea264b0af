import {
  type CookieAttributes,
  type CookieParts,
  cookieParts,
  requireStorableCookie,
} from "../http/cookie-attributes.ts";
import { isAged } from "./new-cookie.ts";
import type { StoreCookie } from "./store-session.ts";

/** The settings of a cookie, checked and ready to be sent. */
export interface ReadyCookie {
  /** Only over an encrypted connection. */
  readonly isSecure: boolean;
  readonly parts: CookieParts;
}

/** Settings that a session was stored with, and nobody looked at since: they are many sessions'. */
export interface KnownCookie extends ReadyCookie {
  /** Milliseconds; null: until the browser closes. */
  readonly originalMaxAge: number | null;
}

/** Most sessions were stored with the same few settings: each text is read once. */
export class KnownCookies {
  readonly #name: string;
  readonly #known = new Map<string, KnownCookie | null>();

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * `text`: as stored, sealed or not. `restore`: what it stands for, of itself and for whatever request; if anything.
   * `undefined`: the session's own cookie tells more, or is refused by name when it is sent.
   */
  of(text: string, restore: () => StoreCookie | undefined): KnownCookie | undefined {
    let known = this.#known.get(text);
    if (known === undefined) {
      known = this.#read(restore());
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(text, known);
    }
    return known ?? undefined;
  }

  #read(cookie: StoreCookie | undefined): KnownCookie | null {
    if (cookie === undefined || isAged(cookie) !== (typeof cookie.originalMaxAge === "number")) return null;
    try {
      return { originalMaxAge: cookie.originalMaxAge, ...readyCookie(this.#name, cookie) };
    } catch {
      return null;
    }
  }
}

const MOST_KNOWN = 64;

/** Throws `OptionError` for a cookie that a browser would drop. */
export function readyCookie(name: string, cookie: StoreCookie): ReadyCookie {
  const attributes = cookieAttributes(cookie);
  const isSecure = attributes.secure === true;
  requireStorableCookie(name, attributes, isSecure);
  return { isSecure, parts: cookieParts(attributes) };
}

/** As they are sent: a session that was begun before `"auto"` was decided has none of it. */
export function cookieAttributes(cookie: StoreCookie): CookieAttributes {
  const { expires, secure, path, domain, httpOnly, sameSite, priority, partitioned } = cookie;
  return {
    expires: expires instanceof Date ? expires : null,
    secure: secure === true,
    path,
    domain,
    httpOnly,
    sameSite,
    priority,
    partitioned,
  };
}
