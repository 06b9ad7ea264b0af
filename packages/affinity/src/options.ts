import { randomBytes } from "node:crypto";
import {
  type CookieAttributes,
  checkAttributes,
  maxCookieBytes,
  writeAttributes,
} from "./cookie-attributes.ts";
import { cookieNameProblem } from "./cookie-name.ts";
import type { DecisionConfig } from "./decide.ts";
import { AffinityOptionError } from "./errors.ts";
import { checkOptionTypes } from "./option-types.ts";
import { SignedValue, signedValueLength } from "./signed-value.ts";

/** The options of `affinity()`. `Subject` is what `when` is asked about: a request, or Koa's context. */
export interface AffinityOptions<Subject = unknown> {
  /** The cookie's name, the same as the target group's `stickiness.app_cookie.cookie_name`. Required. */
  readonly name: string;
  /** Signs the value; 16 bytes or more, the same on all instances. Of a list the first signs and all verify. Required. */
  readonly secret: string | readonly string[];
  /** How long the binding lasts unless renewed, at most 400 days; `"session"` lasts until the browser ends. Default one day, as ALB's. */
  readonly lifetimeSeconds?: number | "session" | undefined;
  /** Renewed when no more than this is left: 0 never, `lifetimeSeconds` on each response, `"half"` at half of it. Default `"half"`. */
  readonly renewWithinSeconds?: number | "half" | undefined;
  /** Default `"/"`. */
  readonly path?: string | undefined;
  /** Default none: the cookie belongs to the host. With a domain every subdomain gets it. */
  readonly domain?: string | undefined;
  /** Default true. Off, scripts of the page can read and end the binding. */
  readonly httpOnly?: boolean | undefined;
  /** Default `"auto"`: Secure when the request came over HTTPS, by what the framework knows of its trusted proxy. */
  readonly secure?: boolean | "auto" | undefined;
  /** Default `"lax"`. A cross-site POST, as in a SAML login, carries the cookie with `"none"` only. */
  readonly sameSite?: "lax" | "strict" | "none" | undefined;
  /** Default false. One cookie per embedding site (CHIPS); needs `secure: true`. */
  readonly partitioned?: boolean | undefined;
  /**
   * Which requests may be bound. The second argument is the default's answer: no for OPTIONS and for
   * `ELB-HealthChecker/*`. Where it says no, only an explicit `release()` writes.
   */
  readonly when?: ((subject: Subject, isOrdinary: boolean) => boolean) | undefined;
  /** What this instance is told from others by. Default a random value per process; several processes behind one target share one. */
  readonly instance?: string | undefined;
  /** Believe `X-Forwarded-Proto` for `secure: "auto"`. Default: what Express's `trust proxy` or Koa's `app.proxy` says. */
  readonly trustProxy?: boolean | undefined;
}

/** Checked options: all that the middlewares and the decision need. */
export interface AffinityConfig<Subject = unknown> extends DecisionConfig {
  readonly instance: string;
  readonly secure: boolean | "auto";
  readonly trustProxy: boolean | undefined;
  readonly when: (subject: Subject, isOrdinary: boolean) => boolean;
  /** The Set-Cookie text after the value. */
  readonly bindAttributes: SecureOrNot;
  /** The whole Set-Cookie text that expires the cookie. */
  readonly expiringCookie: SecureOrNot;
}

interface SecureOrNot {
  readonly secure: string;
  readonly plain: string;
}

type CheckedOptions<Subject> = CookieAttributes & {
  readonly name: string;
  readonly secret: string | readonly string[];
  readonly renewWithinSeconds: number | "half";
  readonly when: (subject: Subject, isOrdinary: boolean) => boolean;
  readonly instance: string;
  readonly trustProxy: boolean | undefined;
};

type AffinityDefaults = Omit<CheckedOptions<unknown>, "name" | "secret">;

/** Mounted twice in one process, a cookie still belongs to one instance. */
const processInstance = randomBytes(16).toString("base64url");

export const affinityDefaults: AffinityDefaults = {
  lifetimeSeconds: 86_400,
  renewWithinSeconds: "half",
  path: "/",
  domain: undefined,
  httpOnly: true,
  secure: "auto",
  sameSite: "lax",
  partitioned: false,
  when: (_subject: unknown, isOrdinary: boolean): boolean => isOrdinary,
  instance: processInstance,
  trustProxy: undefined,
};

/** Checks every option, or throws `AffinityOptionError` naming it. The caller's object is only read. */
export function readOptions<Subject>(options: AffinityOptions<Subject>): AffinityConfig<Subject> {
  const read = { ...affinityDefaults, ...checkOptionTypes(options) } as CheckedOptions<Subject>;
  const { name, secret, lifetimeSeconds } = read;
  checkName(name);
  checkAttributes(name, read);
  return {
    name,
    needle: `${name}=`,
    signed: new SignedValue(name, typeof secret === "string" ? [secret] : secret),
    lifetimeSeconds,
    renewWithinSeconds: readRenewal(lifetimeSeconds, read.renewWithinSeconds),
    instance: read.instance,
    secure: read.secure,
    trustProxy: read.trustProxy,
    when: read.when,
    bindAttributes: bothWays((secure) => writeAttributes(read, secure, false)),
    expiringCookie: bothWays((secure) => `${name}=${writeAttributes(read, secure, true)}`),
  };
}

function bothWays(write: (secure: boolean) => string): SecureOrNot {
  return { secure: write(true), plain: write(false) };
}

function checkName(name: string): void {
  const problem = cookieNameProblem(name);
  if (problem !== null) throw new AffinityOptionError("name", problem);
  const length = name.length + signedValueLength;
  if (length <= maxCookieBytes) return;
  throw new AffinityOptionError(
    "name",
    `makes name and value ${length} bytes; browsers drop a cookie over ${maxCookieBytes}; shorten the name`,
  );
}

function readRenewal(lifetime: number | "session", within: number | "half"): number {
  if (lifetime === "session") {
    if (within === "half") return 0;
    throw new AffinityOptionError(
      "renewWithinSeconds",
      'does not go with lifetimeSeconds: "session", which has no end to be near; leave it out',
    );
  }
  if (within === "half") return Math.floor(lifetime / 2);
  if (within <= lifetime) return within;
  throw new AffinityOptionError(
    "renewWithinSeconds",
    `is ${within}, more than the lifetime of ${lifetime}; give at most lifetimeSeconds, which renews on every response`,
  );
}
