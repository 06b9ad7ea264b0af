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
