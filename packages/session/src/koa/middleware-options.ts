import type { Backend } from "../backend.ts";
import { ENGINE_OPTION_NAMES, type EngineOptions } from "../engine/options.ts";
import { OptionError } from "../errors.ts";
import { requireCookieName, requireStorableCookie } from "../http/cookie-attributes.ts";

/** A store for koa-session. */
export interface ForeignKoaStore {
  get(
    key: string,
    maxAge: number | "session" | undefined,
    notes: { ctx: unknown; rolling: boolean },
  ): unknown;
  set(
    key: string,
    session: Record<string, unknown>,
    maxAge: number | "session",
    notes: { ctx: unknown; rolling: boolean; changed: boolean },
  ): unknown;
  destroy(key: string, notes: { ctx: unknown }): unknown;
}

type PolicyOptions = Omit<EngineOptions, "backend" | "ids">;

export interface KoaSessionOptions extends PolicyOptions {
  /** Where sessions live: `redisBackend(client)`, `lmdbBackend({ path })`, `memoryBackend()`. This, `store` or `ContextStore`. */
  readonly backend?: Backend;
  /** Any store for koa-session, with the guarantees that it can give. */
  readonly store?: ForeignKoaStore | undefined;
  /** A class of such stores: one is made for each request, with its context. */
  readonly ContextStore?: new (
    ctx: never,
  ) => ForeignKoaStore;
  /** The cookie's name. Default: `"koa.sess"`. */
  readonly key?: string;
  /**
   * Milliseconds that a session and its cookie live after they were stored; `"session"`: the cookie until the
   * browser closes. Default: the cookie until the browser closes, the session one day.
   */
  readonly maxAge?: number | "session";
  /** Store at the end of the request. Otherwise `ctx.session.manuallyCommit()` does. Default: true. */
  readonly autoCommit?: boolean;
  /** Take the place of a cookie of this name that the response already sets. Default: true. */
  readonly overwrite?: boolean;
  /** Default: true. */
  readonly httpOnly?: boolean;
  /** Sign the cookie with `app.keys`. Default: true. */
  readonly signed?: boolean;
  /** Default: whether the request came over HTTPS (`app.proxy` counts). */
  readonly secure?: boolean;
  /** Default: `"lax"`. */
  readonly sameSite?: "lax" | "strict" | "none" | boolean;
  readonly path?: string;
  readonly domain?: string;
  readonly priority?: "low" | "medium" | "high";
  readonly partitioned?: boolean;
  /** Store the session and send its cookie with every response, so that `maxAge` counts from there. Default: false. */
  readonly rolling?: boolean;
  /** The same once less than half of `maxAge` is left. Default: false. */
  readonly renew?: boolean;
  /** Where the key travels, instead of a cookie. */
  readonly externalKey?: { get(ctx: never): string | undefined; set(ctx: never, key: string): void };
  /** Makes the key of a new session. Default: `prefix` and 32 random bytes. */
  readonly genid?: (ctx: never) => string;
  /** Begins the keys of new sessions, where there is no `genid`. */
  readonly prefix?: string;
  /** Whether a session that was found may be used. */
  readonly valid?: (ctx: never, session: never) => unknown;
  /** Called before a session is stored, and may still change it. */
  readonly beforeSave?: (ctx: never, session: never) => void;
  /** Store the session of a request whose handler threw an error of status 500 and above. Default: false. */
  readonly saveOnError?: boolean;
  /** Requests that need no session: static files, health checks. Their `ctx.session` is undefined. */
  readonly skip?: (ctx: never) => boolean;
  /** Requests of one session that run one after another, whichever instance serves them. Needs `backend`. */
  readonly serialize?: (ctx: never) => boolean;
  /** How long one request may hold the session that way. Default: 30 000. */
  readonly serializeLeaseMs?: number;
}

type KoaSessionDefaults = Readonly<
  Required<
    Pick<
      KoaSessionOptions,
      | "key"
      | "autoCommit"
      | "overwrite"
      | "httpOnly"
      | "signed"
      | "sameSite"
      | "rolling"
      | "renew"
      | "prefix"
      | "saveOnError"
      | "serializeLeaseMs"
    >
  >
>;

export const KOA_SESSION_DEFAULTS: KoaSessionDefaults = {
  key: "koa.sess",
  autoCommit: true,
  overwrite: true,
  httpOnly: true,
  signed: true,
  sameSite: "lax",
  rolling: false,
  renew: false,
  prefix: "",
  saveOnError: false,
  serializeLeaseMs: 30_000,
};

type OwnOptions = Omit<KoaSessionOptions, keyof PolicyOptions>;

/** The options as the middleware uses them: checked and complete. */
export type KoaSessionConfig = Readonly<
  OwnOptions & Required<Pick<OwnOptions, keyof typeof KOA_SESSION_DEFAULTS>>
> & {
  readonly engine: PolicyOptions;
};

const KNOWN: Readonly<Record<keyof OwnOptions, "boolean" | "function" | "string" | "any">> = {
  backend: "any",
  store: "any",
  ContextStore: "function",
  key: "string",
  maxAge: "any",
  autoCommit: "boolean",
  overwrite: "boolean",
  httpOnly: "boolean",
  signed: "boolean",
  secure: "boolean",
  sameSite: "any",
  path: "string",
  domain: "string",
  priority: "string",
  partitioned: "boolean",
  rolling: "boolean",
  renew: "boolean",
  externalKey: "any",
  genid: "function",
  prefix: "string",
  valid: "function",
  beforeSave: "function",
  saveOnError: "boolean",
  skip: "function",
  serialize: "function",
  serializeLeaseMs: "any",
};

/** koa-session's options that mean something only where the cookie is the store. */
const REFUSED: Readonly<Record<string, string>> = {
  encode: "sessions are not kept in the cookie; give backend or store",
  decode: "sessions are not kept in the cookie; give backend or store",
  maxage: "is called maxAge",
};

/** Check every option once. Throws {@link OptionError}, naming the option. */
export function readKoaOptions(options: KoaSessionOptions): KoaSessionConfig {
  const own: Record<string, unknown> = { ...KOA_SESSION_DEFAULTS };
  const engine: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    if (Object.hasOwn(KNOWN, name)) own[name] = checked(name as keyof OwnOptions, value);
    else if (isPolicyOption(name)) engine[name] = value;
    else throw new OptionError(name, REFUSED[name] ?? "is not known");
  }
  const config = { ...(own as unknown as KoaSessionConfig), engine };
  requireKey(config);
  requireWhere(config);
  return Object.freeze(config);
}

function isPolicyOption(name: string): boolean {
  return name !== "ids" && (ENGINE_OPTION_NAMES as readonly string[]).includes(name);
}

function checked(name: keyof OwnOptions, value: unknown): unknown {
  const type = KNOWN[name];
  const given = typeof value;
  if (type !== "any" && given !== type)
    throw new OptionError(name, `Invalid input: must be a ${type}, not ${given}`);
  if (name === "maxAge" && value !== "session" && !(given === "number" && Number.isFinite(value))) {
    throw new OptionError(name, 'Invalid input: must be a number of milliseconds or "session"');
  }
  return value;
}

function requireKey(config: KoaSessionConfig): void {
  const { key, secure, externalKey } = config;
  if (externalKey !== undefined) {
    for (const verb of ["get", "set"] as const) {
      if (typeof externalKey[verb] !== "function")
        throw new OptionError(`externalKey.${verb}`, `externalKey.${verb} must be function`);
    }
    return;
  }
  requireCookieName(key);
  requireStorableCookie(key, { ...config, secure: secure === true }, secure !== false);
}

function requireWhere(config: KoaSessionConfig): void {
  const { backend, store, ContextStore, engine, serialize, serializeLeaseMs } = config;
  if ([backend, store, ContextStore].filter((where) => where !== undefined).length !== 1) {
    throw new OptionError("backend", "give one of backend, such as memoryBackend(), store and ContextStore");
  }
  if (!Number.isSafeInteger(serializeLeaseMs) || serializeLeaseMs < 1) {
    throw new OptionError("serializeLeaseMs", "must be a positive integer (milliseconds)");
  }
  if (backend !== undefined) return;
  if (serialize !== undefined)
    throw new OptionError("serialize", "needs a backend: a store cannot be locked");
  const verbs = (store ??
    (ContextStore?.prototype as ForeignKoaStore | undefined)) as Partial<ForeignKoaStore>;
  for (const verb of ["get", "set", "destroy"] as const) {
    if (typeof verbs?.[verb] !== "function")
      throw new OptionError(store === undefined ? "ContextStore" : "store", `has no ${verb}()`);
  }
  const [first] = Object.keys(engine);
  if (first !== undefined)
    throw new OptionError(first, "is the store's business: give it to the store, or give a backend");
}
