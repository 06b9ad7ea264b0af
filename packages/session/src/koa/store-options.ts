import type { Backend } from "../backend.ts";
import type { EngineOptions } from "../engine/options.ts";
import type { Device } from "../engine/session-state.ts";
import { OptionError } from "../errors.ts";
import type { KoaSessionData } from "./koa-expiry.ts";

/** What all stores for Koa take, beside what their backend takes. */
export interface KoaStoreOptions
  extends Pick<
    EngineOptions,
    | "attributes"
    | "compressAboveBytes"
    | "encryption"
    | "lifetime"
    | "maxBytes"
    | "maxSessions"
    | "metrics"
    | "onConflict"
    | "serializer"
    | "tombstoneMs"
    | "touchIntervalMs"
    | "warnBytes"
  > {
  /**
   * A save of a session that ended meanwhile: `"ignore"` drops it with an event, `"error"` rejects with
   * `ERR_UNSTICK_SESSION_GONE` (409). Default: `"ignore"`.
   */
  readonly onGone?: "ignore" | "error";
  /** Whose session it is, of the session's data: for lists, logging out everywhere and `maxSessions`. */
  readonly principal?: (session: never) => string | undefined;
  /** How a user's session is described in lists. Default: the User-Agent header and `ctx.ip`. */
  readonly device?: (ctx: never) => Device;
}

export interface KoaStorePolicy {
  readonly onGone: "ignore" | "error";
  readonly hasPrincipal: boolean;
  principal(session: KoaSessionData): string | undefined;
  device(ctx: StoreContext | undefined): Device;
}

/** What the store uses of a Koa context. */
export interface StoreContext {
  readonly headerSent?: boolean;
  readonly ip?: string;
  readonly cookies?: object;
  get?(header: string): string;
}

/** Part the options of a store into its own and its engine's. */
export function readKoaStoreOptions(
  backend: Backend,
  options: KoaStoreOptions,
): { policy: KoaStorePolicy; engine: EngineOptions } {
  const { onGone = "ignore", principal, device = describeDevice, ...engine } = options;
  if (onGone !== "ignore" && onGone !== "error")
    throw new OptionError("onGone", 'must be "ignore" or "error"');
  for (const [name, value] of Object.entries({ principal, device })) {
    if (value !== undefined && typeof value !== "function") throw new OptionError(name, "must be a function");
  }
  const policy = Object.freeze({
    onGone,
    hasPrincipal: principal !== undefined,
    principal: (session: KoaSessionData) => principal?.(session as never),
    device: (ctx: StoreContext | undefined) => device(ctx as never),
  });
  return { policy, engine: { ...engine, backend, ids: "any" } };
}

function describeDevice(ctx: StoreContext | undefined): Device {
  const userAgent = ctx?.get?.("User-Agent");
  return { ...(userAgent && { userAgent }), ...(ctx?.ip !== undefined && { address: ctx.ip }) };
}
