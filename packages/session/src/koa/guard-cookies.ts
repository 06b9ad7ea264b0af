import type { StoreContext } from "./store-options.ts";

/**
 * koa-session sets its cookie after the store has answered. When a handler did not await `session.save()`,
 * the head may be gone by then, and the throw of `cookies.set` would be a rejection that nobody handles: it
 * ends the process (koajs/session issue #89). The session is stored; only the cookie is too late.
 */
export function guardCookies(ctx: StoreContext): void {
  const { cookies } = ctx;
  if (cookies === undefined || Object.hasOwn(cookies, "set")) return;
  Object.defineProperty(cookies, "set", {
    value: () => {
      process.emitWarning(
        "a session was saved after the head of the response was sent, so its cookie was not set; await ctx.session.save()",
        { code: "UNSTICK_COOKIE_TOO_LATE" },
      );
      return cookies;
    },
  });
}
