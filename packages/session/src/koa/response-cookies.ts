import type { KoaContext } from "./koa-context.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";

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

/** What Koa's `cookies.set` is given: only what was chosen, since an undefined attribute undoes its default. */
export function cookieOptions(
  options: Partial<KoaSessionConfig>,
  isSet: boolean,
  isEncrypted: boolean,
): object {
  const possible = (options.secure ?? isEncrypted) ? options : withoutSecure(options);
  const given = passedOn.flatMap((name) =>
    possible[name] === undefined ? [] : [[name, possible[name]] as const],
  );
  const age = isSet ? { maxAge: options.maxAge } : { expires: EPOCH };
  return { ...Object.fromEntries(given), ...(isSet && typeof options.maxAge !== "number" ? {} : age) };
}

/** Browsers drop SameSite=None and Partitioned without Secure: over plain HTTP they are left out. */
function withoutSecure(options: Partial<KoaSessionConfig>): Partial<KoaSessionConfig> {
  const { partitioned: _partitioned, ...rest } = options;
  const isNone = String(options.sameSite).toLowerCase() === "none";
  return isNone ? { ...rest, sameSite: "lax" } : rest;
}

/** For the list of a user's sessions. */
export function describeDevice(ctx: KoaContext): { userAgent?: string; address?: string } {
  const userAgent = ctx.req.headers["user-agent"];
  return { ...(userAgent !== undefined && { userAgent }), ...(ctx.ip !== undefined && { address: ctx.ip }) };
}
