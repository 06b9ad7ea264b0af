import type { Backend } from "../backend.ts";
import { resolveLifetime } from "../engine/lifetime.ts";
import type { EngineOptions } from "../engine/options.ts";
import type { Device } from "../engine/session-state.ts";
import { OptionError } from "../errors.ts";
import type { SessionRequest, StoreCookie } from "./store-session.ts";

/** What all stores for express-session take, beside what their backend takes. */
export interface StoreOptions
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
   * Seconds that a session lives unused when its cookie has no `expires`, or a function of the session,
   * which then decides alone. Default: 86 400. Not together with `lifetime`.
   */
  readonly ttl?: number | ((session: never) => number);
  /** Never move a deadline for a request that changed nothing. Default: false. */
  readonly disableTouch?: boolean;
  /** Sessions that do not end by themselves. Default: false. */
  readonly disableTTL?: boolean;
  /**
   * A save of a session that ended meanwhile: `"ignore"` drops it with an event, `"error"` calls back with
   * `ERR_UNSTICK_SESSION_GONE`. Default: `"ignore"`.
   */
  readonly onGone?: "ignore" | "error";
  /**
   * Emit `disconnect` when the backend fails and `connect` when it is back. express-session then passes
   * requests on without `req.session`; an application must be written for that. Default: false, which
   * makes a request fail with status 503.
   */
  readonly disconnectEvents?: boolean;
  /** Whose session it is, of the session's data: for lists, logging out everywhere and `maxSessions`. */
  readonly principal?: (session: never) => string | undefined;
  /** How a user's session is described in lists. Default: the User-Agent header and the peer's address. */
  readonly device?: (request: never) => Device;
}

/** Reads what express-session and its peers put into a session. */
export interface StorePolicy {
  readonly disableTouch: boolean;
  readonly onGone: "ignore" | "error";
  readonly disconnectEvents: boolean;
  idleMs(session: StoredData): number;
  principal(session: StoredData): string | undefined;
  readonly hasPrincipal: boolean;
  device(request: SessionRequest | undefined): Device;
}

/** A session as a store gives it: beside its cookie, whatever the application put there. */
export interface StoredSession {
  readonly cookie: StoreCookie;
}

/** What a store is given: whatever it is, it may lack a cookie. */
export type StoredData = Readonly<Record<string, unknown>> & {
  readonly cookie?: { readonly expires?: unknown };
};

export const STORE_DEFAULTS: Readonly<
  Required<Pick<StoreOptions, "disableTouch" | "disableTTL" | "onGone" | "disconnectEvents">> & {
    ttl: number;
  }
> = {
  ttl: 86_400,
  disableTouch: false,
  disableTTL: false,
  onGone: "ignore",
  disconnectEvents: false,
};

/** A hundred years: what `disableTTL` asks for, in a store where everything has a deadline. */
const UNENDING_MS = 100 * 365 * 86_400_000;

const OWN = [
  "ttl",
  "disableTouch",
  "disableTTL",
  "onGone",
  "disconnectEvents",
  "principal",
  "device",
] as const;

/** Part the options of a store into its own and its engine's. Throws {@link OptionError}. */
export function readStoreOptions(
  backend: Backend,
  options: StoreOptions,
): { policy: StorePolicy; engine: EngineOptions } {
  const own: Partial<Record<(typeof OWN)[number], unknown>> = {};
  const engine: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const isOwn = (OWN as readonly string[]).includes(name);
    Object.assign(isOwn ? own : engine, { [name]: value });
  }
  const checked = { ...STORE_DEFAULTS, ...own, lifetime: options.lifetime } as StoreOptions &
    typeof STORE_DEFAULTS;
  requireStoreOptions(checked, own);
  const idle = idleRule(checked, options.lifetime !== undefined);
  if (!("lifetime" in engine)) engine.lifetime = { idleMs: idle.defaultMs };
  return { policy: storePolicy(checked, idle), engine: { ...engine, backend, ids: "any" } as EngineOptions };
}

function requireStoreOptions(options: StoreOptions, own: object): void {
  for (const name of ["disableTouch", "disableTTL", "disconnectEvents"] as const) {
    if (typeof options[name] !== "boolean") throw new OptionError(name, "must be true or false");
  }
  for (const name of ["principal", "device"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function")
      throw new OptionError(name, "must be a function");
  }
  if (options.onGone !== "ignore" && options.onGone !== "error") {
    throw new OptionError("onGone", 'must be "ignore" or "error"');
  }
  const { ttl } = options;
  if (typeof ttl !== "function" && (typeof ttl !== "number" || !(ttl > 0) || ttl > UNENDING_MS / 1000)) {
    throw new OptionError("ttl", "must be a positive number of seconds, or a function that returns one");
  }
  if (options.lifetime !== undefined && "ttl" in own) {
    throw new OptionError("ttl", "says the same as lifetime.idleMs; give one of them");
  }
}

interface IdleRule {
  readonly defaultMs: number;
  of(session: StoredData, capMs: number): number;
}

/** As connect-redis: a `ttl` function decides alone; else the cookie's `expires`; else `ttl`. */
function idleRule(options: StoreOptions & typeof STORE_DEFAULTS, isCapped: boolean): IdleRule {
  const ttl: number | ((session: never) => number) = options.ttl;
  if (options.disableTTL) return { defaultMs: UNENDING_MS, of: () => UNENDING_MS };
  if (typeof ttl === "function") {
    return { defaultMs: STORE_DEFAULTS.ttl * 1000, of: (session) => secondsToMs(ttl(session as never)) };
  }
  return {
    defaultMs: secondsToMs(ttl),
    of(session, capMs) {
      const ms = expiresInMs(session);
      if (ms === undefined) return capMs;
      return isCapped ? Math.min(ms, capMs) : Math.min(ms, UNENDING_MS);
    },
  };
}

function secondsToMs(seconds: number): number {
  if (typeof seconds !== "number" || Number.isNaN(seconds)) {
    throw new OptionError("ttl", "the function must return a number of seconds");
  }
  return Math.trunc(Math.min(seconds * 1000, UNENDING_MS));
}

/** An `expires` that is no date counts as none: it must not end a session that lives. */
function expiresInMs(session: StoredData): number | undefined {
  const expires = session.cookie?.expires;
  if (!(expires instanceof Date) && typeof expires !== "string" && typeof expires !== "number")
    return undefined;
  const ms = new Date(expires).getTime() - Date.now();
  return Number.isNaN(ms) ? undefined : Math.trunc(ms);
}

function storePolicy(options: StoreOptions & typeof STORE_DEFAULTS, idle: IdleRule): StorePolicy {
  const { principal, device, lifetime } = options as StoreOptions;
  const capMs = lifetime === undefined ? idle.defaultMs : resolveLifetime(lifetime).idleMs;
  return Object.freeze({
    disableTouch: options.disableTouch || options.disableTTL,
    onGone: options.onGone,
    disconnectEvents: options.disconnectEvents,
    idleMs: (session: StoredData) => idle.of(session, capMs),
    hasPrincipal: principal !== undefined,
    principal: (session: StoredData) => principal?.(session as never),
    device: (request: SessionRequest | undefined) =>
      (device ?? (describeDevice as (request: never) => Device))(request as never),
  });
}

interface DescribedRequest {
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip?: string;
  readonly socket?: { readonly remoteAddress?: string };
}

function describeDevice(request: DescribedRequest | undefined): Device {
  const userAgent = request?.headers?.["user-agent"];
  const address = request?.ip ?? request?.socket?.remoteAddress;
  return { ...(typeof userAgent === "string" && { userAgent }), ...(address !== undefined && { address }) };
}
