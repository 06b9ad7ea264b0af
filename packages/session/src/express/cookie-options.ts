import type { IncomingMessage } from "node:http";
import { OptionError } from "../errors.ts";
import { requireStorableCookie } from "../http/cookie-attributes.ts";

/** The session cookie. Browsers drop combinations that are refused here. */
export interface CookieOptions {
  /** Milliseconds until the browser forgets it, counted from the response that sets it. Default: until it closes. */
  readonly maxAge?: number | null;
  /** A fixed time. `maxAge` is the better choice. */
  readonly expires?: Date | null;
  /** Default: `"/"`. Requests outside of it have no session (RFC 6265bis section 5.1.4). */
  readonly path?: string;
  readonly domain?: string;
  /** Default: true. Without it scripts of the page can read the id. */
  readonly httpOnly?: boolean;
  /** `"auto"`: Secure where the request came over HTTPS, see `proxy`. Default: `"auto"`. */
  readonly secure?: boolean | "auto";
  /** `"auto"`: `none` over HTTPS, else `lax`. Default: `"lax"`. */
  readonly sameSite?: boolean | "lax" | "strict" | "none" | "auto";
  readonly priority?: "low" | "medium" | "high";
  /** One cookie jar per site that embeds us (CHIPS). Needs `secure`. Default: false. */
  readonly partitioned?: boolean;
}

export const COOKIE_DEFAULTS: Readonly<
  Required<Pick<CookieOptions, "path" | "httpOnly" | "secure" | "sameSite">>
> = {
  path: "/",
  httpOnly: true,
  secure: "auto",
  sameSite: "lax",
};

/** How requests find the settings of their cookie. Fixed settings are checked once, here. Throws {@link OptionError}. */
export function cookieReader(
  name: string,
  cookie: CookieOptions | ((request: never) => CookieOptions),
): (request: IncomingMessage) => CookieOptions {
  if (typeof cookie === "function") {
    return (request) => readCookieOptions(name, cookie(request as never));
  }
  const fixed = readCookieOptions(name, cookie);
  return () => fixed;
}

const COOKIE_KNOWN: Readonly<Record<keyof CookieOptions, true>> = {
  maxAge: true,
  expires: true,
  path: true,
  domain: true,
  httpOnly: true,
  secure: true,
  sameSite: true,
  priority: true,
  partitioned: true,
};

function readCookieOptions(name: string, options: CookieOptions): CookieOptions {
  if (typeof options !== "object" || options === null) throw new OptionError("cookie", "must be an object");
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const option of Object.keys(given)) {
    if (!Object.hasOwn(COOKIE_KNOWN, option)) throw new OptionError(`cookie.${option}`, "is not known");
  }
  const cookie: CookieOptions = { ...COOKIE_DEFAULTS, ...given };
  if (cookie.maxAge !== undefined && cookie.maxAge !== null && !Number.isFinite(cookie.maxAge)) {
    throw new OptionError("cookie.maxAge", "must be a number of milliseconds");
  }
  const { secure, sameSite, ...rest } = cookie;
  if (typeof secure !== "boolean" && secure !== "auto")
    throw new OptionError("cookie.secure", 'must be true, false or "auto"');
  requireStorableCookie(
    name,
    { ...rest, secure: secure === true, sameSite: sameSite === "auto" ? "lax" : sameSite },
    secure !== false,
  );
  return Object.freeze(cookie);
}
