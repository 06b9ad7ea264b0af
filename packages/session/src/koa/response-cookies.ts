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
export function cookieOptions(options: Partial<KoaSessionConfig>, isSet: boolean): object {
  const given = passedOn.flatMap((name) =>
    options[name] === undefined ? [] : [[name, options[name]] as const],
  );
  const age = isSet ? { maxAge: options.maxAge } : { expires: EPOCH };
  return { ...Object.fromEntries(given), ...(isSet && typeof options.maxAge !== "number" ? {} : age) };
}

/** For the list of a user's sessions. */
export function describeDevice(ctx: KoaContext): { userAgent?: string; address?: string } {
  const userAgent = ctx.req.headers["user-agent"];
  return { ...(userAgent !== undefined && { userAgent }), ...(ctx.ip !== undefined && { address: ctx.ip }) };
}
