import type { IncomingMessage } from "node:http";
import type { Backend } from "../backend.ts";
import { ENGINE_OPTION_NAMES, type EngineOptions } from "../engine/options.ts";
import { OptionError } from "../errors.ts";
import { requireCookieName } from "../http/cookie-attributes.ts";
import { CookieSigner, readSecrets, type Secret } from "../http/signed-cookie.ts";
import { type CookieOptions, cookieReader } from "./cookie-options.ts";

/** A store for express-session. */
export interface ForeignStore {
  get(id: string, callback: (error: unknown, session?: unknown) => void): unknown;
  set(id: string, session: object, callback: (error?: unknown) => void): unknown;
  destroy(id: string, callback: (error?: unknown) => void): unknown;
  touch?(id: string, session: object, callback: (error?: unknown) => void): unknown;
  createSession?(request: never, session: never): unknown;
  regenerate?(request: never, callback: (error?: unknown) => void): unknown;
  generate?: unknown;
  on?(event: string, listener: () => void): unknown;
}

type PolicyOptions = Omit<EngineOptions, "backend" | "ids">;

export interface SessionOptions extends PolicyOptions {
  /** Where sessions live: `redisBackend(client)`, `lmdbBackend({ path })`, `memoryBackend()`. This or `store`. */
  readonly backend?: Backend;
  /** Any store for express-session, with the guarantees that it can give. */
  readonly store?: ForeignStore;
  /** Signs the cookie. Of a list the first signs and all are accepted: rotate by putting the new one first. */
  readonly secret: Secret | readonly Secret[];
  /** The cookie's settings, or a function of the request that answers them. */
  readonly cookie?: CookieOptions | ((request: never) => CookieOptions);
  /** The cookie's name. Default: `"connect.sid"`. */
  readonly name?: string;
  /** Another word for `name`. */
  readonly key?: string;
  /**
   * Makes the id of a new session. Default: 32 random bytes. Without it an id that is neither of that form nor
   * of express-session's own is not looked up.
   */
  readonly genid?: (request: never) => string;
  /** Whether `X-Forwarded-Proto` tells that a request is secure. Default: what Express says (`req.secure`). */
  readonly proxy?: boolean;
  /** Store a session that did not change. Default: false. */
  readonly resave?: boolean;
  /** Send the cookie with every response of a session that lives, so that its age counts from there. Default: false. */
  readonly rolling?: boolean;
  /** Store, and set the cookie of, a session that holds nothing. Default: false. */
  readonly saveUninitialized?: boolean;
  /** What `req.session = null` does: `"destroy"` ends the session, `"keep"` lets it be. Default: `"keep"`. */
  readonly unset?: "destroy" | "keep";
  /** Requests that need no session: static files, health checks. They get no `req.session`. */
  readonly skip?: (request: never) => boolean;
  /** Requests of one session that run one after another, whichever instance serves them. */
  readonly serialize?: (request: never) => boolean;
  /** How long one request may hold the session that way. Default: 30 000. */
  readonly serializeLeaseMs?: number;
  /** Store the session of a response with a status of 500 and above, as of a handler that threw. Default: false. */
  readonly saveOnError?: boolean;
  /**
   * What a save does when the session ended while the request ran: `"ignore"` answers without a cookie,
   * `"error"` hands `ERR_UNSTICK_SESSION_GONE` (409) to `next`. Default: `"ignore"`.
   */
  readonly onGone?: "ignore" | "error";
  /** Let the browser clear what this site stored, on `logout()`: the `Clear-Site-Data` header. Default: none. */
  readonly clearSiteData?: readonly ("cache" | "cookies" | "storage" | "*")[];
}

type SessionDefaults = Readonly<
  Required<
    Pick<
      SessionOptions,
      | "name"
      | "cookie"
      | "resave"
      | "rolling"
      | "saveUninitialized"
      | "unset"
      | "serializeLeaseMs"
      | "saveOnError"
      | "onGone"
    >
  >
>;

export const SESSION_DEFAULTS: SessionDefaults = {
  name: "connect.sid",
  cookie: {},
  resave: false,
  rolling: false,
  saveUninitialized: false,
  unset: "keep",
  serializeLeaseMs: 30_000,
  saveOnError: false,
  onGone: "ignore",
};

type OwnOptions = Omit<SessionOptions, keyof PolicyOptions>;

/** The options as the middleware uses them. */
export interface SessionConfig {
  readonly backend: Backend | undefined;
  readonly store: ForeignStore | undefined;
  readonly engine: PolicyOptions;
  readonly signer: CookieSigner;
  readonly name: string;
  cookieFor(request: IncomingMessage): CookieOptions;
  readonly genid: ((request: IncomingMessage) => string) | undefined;
  readonly proxy: boolean | undefined;
  readonly resave: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
  readonly unset: "destroy" | "keep";
  readonly skip: ((request: IncomingMessage) => boolean) | undefined;
  readonly serialize: ((request: IncomingMessage) => boolean) | undefined;
  readonly serializeLeaseMs: number;
  readonly saveOnError: boolean;
  readonly onGone: "ignore" | "error";
  readonly clearSiteData: string | undefined;
}

const KNOWN: Readonly<Record<keyof OwnOptions, "boolean" | "function" | "any">> = {
  backend: "any",
  store: "any",
  secret: "any",
  cookie: "any",
  name: "any",
  key: "any",
  genid: "function",
  proxy: "boolean",
  resave: "boolean",
  rolling: "boolean",
  saveUninitialized: "boolean",
  unset: "any",
  skip: "function",
  serialize: "function",
  serializeLeaseMs: "any",
  saveOnError: "boolean",
  onGone: "any",
  clearSiteData: "any",
};

/** Check every option once. Throws {@link OptionError}, naming the option. */
export function readSessionOptions(options: SessionOptions): SessionConfig {
  if (typeof options !== "object" || options === null) throw new OptionError("options", "must be an object");
  const { own, engine } = partOptions(options);
  const { name, key, cookie, unset, onGone } = own;
  requireOneOf("unset", unset, ["destroy", "keep"]);
  requireOneOf("onGone", onGone, ["ignore", "error"]);
  requireWhere(own, engine);
  const secrets = readSecrets(own.secret);
  const cookieName = name ?? key ?? SESSION_DEFAULTS.name;
  requireCookieName(cookieName);
  const cookieFor = cookieReader(cookieName, cookie ?? SESSION_DEFAULTS.cookie);
  return Object.freeze({
    ...(own as Required<OwnOptions>),
    genid: own.genid as SessionConfig["genid"],
    skip: own.skip as SessionConfig["skip"],
    serialize: own.serialize as SessionConfig["serialize"],
    engine,
    name: cookieName,
    cookieFor,
    signer: new CookieSigner(secrets),
    clearSiteData: own.clearSiteData?.map((what) => `"${what}"`).join(", "),
  });
}

function partOptions(options: SessionOptions): {
  own: OwnOptions & typeof SESSION_DEFAULTS;
  engine: PolicyOptions;
} {
  const own: Record<string, unknown> = { ...SESSION_DEFAULTS, name: undefined };
  const engine: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (Object.hasOwn(KNOWN, name)) {
      requireType(name, value, KNOWN[name as keyof OwnOptions]);
      own[name] = value;
    } else if (isPolicyOption(name)) engine[name] = value;
    else throw new OptionError(name, "is not known");
  }
  return { own: own as unknown as OwnOptions & typeof SESSION_DEFAULTS, engine };
}

function isPolicyOption(name: string): boolean {
  return name !== "ids" && (ENGINE_OPTION_NAMES as readonly string[]).includes(name);
}

function requireType(name: string, value: unknown, type: "boolean" | "function" | "any"): void {
  const isRight = type === "boolean" ? typeof value === "boolean" : typeof value === "function";
  if (type === "any" || isRight) return;
  throw new OptionError(
    name,
    `must be ${type === "boolean" ? "true or false" : "a function"}, not ${typeof value}`,
  );
}

function requireOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    throw new OptionError(option, `must be one of ${allowed.map((one) => JSON.stringify(one)).join(", ")}`);
  }
}

/** A backend, or somebody's store: a store decides for itself how it keeps sessions. */
function requireWhere(own: OwnOptions, engine: PolicyOptions): void {
  const { backend, store, serialize } = own;
  if ((backend === undefined) === (store === undefined)) {
    throw new OptionError("backend", "give either backend, such as memoryBackend(), or store");
  }
  if (!Number.isSafeInteger(own.serializeLeaseMs) || (own.serializeLeaseMs as number) < 1) {
    throw new OptionError("serializeLeaseMs", "must be a positive integer (milliseconds)");
  }
  if (store === undefined) return;
  for (const verb of ["get", "set", "destroy"] as const) {
    if (typeof store[verb] !== "function")
      throw new OptionError("store", `has no ${verb}(); it must be a store for express-session`);
  }
  if (serialize !== undefined)
    throw new OptionError("serialize", "needs a backend: a store cannot be locked");
  const [first] = Object.keys(engine);
  if (first !== undefined)
    throw new OptionError(first, "is the store's business: give it to the store, or give a backend");
}
