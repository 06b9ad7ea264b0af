import type { KoaKept } from "./kept.ts";
import type { KoaSessionConfig } from "./middleware-options.ts";

/** koa-session's `ctx.sessionOptions`: what may differ from request to request. */
export type RequestOptions = { -readonly [Name in keyof KoaSessionConfig]: KoaSessionConfig[Name] };

/** Names that begin with an underscore last for the request: alone they make no session. */
export function isWorthStoring(kept: KoaKept, isForced: boolean): boolean {
  return !kept.isNew || isForced || kept.values.names().some((name) => !name.startsWith("_"));
}

/** A session that lives is stored again when it rolls, or when less than half of its time is left. */
export function isRolledOver(kept: KoaKept, { rolling, renew, maxAge }: RequestOptions): boolean {
  if (kept.isNew) return false;
  return rolling || (renew && typeof maxAge === "number" && kept.remainingMs < maxAge / 2);
}
