import { AffinityOptionError } from "./errors.ts";

/** The attributes of one sticky cookie, as the application chose them. */
export interface CookieAttributes {
  readonly lifetimeSeconds: number | "session";
  readonly path: string;
  readonly domain: string | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean | "auto";
  readonly sameSite: "lax" | "strict" | "none";
  readonly partitioned: boolean;
}

/** A browser drops a cookie whose name and value together are longer (RFC 6265bis section 5.6). */
export const maxCookieBytes = 4_096;

/** A browser drops an attribute whose value is longer, and keeps the cookie with another meaning (the same). */
const maxAttributeBytes = 1_024;

/** Browsers cut a lifetime at 400 days (RFC 6265bis section 5.5). */
const maxLifetimeSeconds = 400 * 24 * 60 * 60;

const pathValue = /^\/[\x21-\x3a\x3c-\x7e]*$/;
const domainName =
  /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?=[^.]*[a-z])[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;

/** Throws on what a browser would refuse or, worse, keep with another meaning. */
export function checkAttributes(name: string, attributes: CookieAttributes): void {
  checkLifetime(attributes.lifetimeSeconds);
  checkPath(attributes.path);
  checkDomain(attributes.domain);
  checkSecure(attributes);
  checkNamePrefix(name, attributes);
}

function checkLifetime(seconds: number | "session"): void {
  if (seconds === "session") return;
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxLifetimeSeconds) return;
  throw new AffinityOptionError(
    "lifetimeSeconds",
    `is ${seconds}; give whole seconds from 1 to ${maxLifetimeSeconds} (400 days, where browsers cut), or "session"`,
  );
}

function checkPath(path: string): void {
  if (path.length > maxAttributeBytes) {
    throw new AffinityOptionError(
      "path",
      `has ${path.length} bytes; browsers ignore an attribute over ${maxAttributeBytes}; shorten it`,
    );
  }
  if (pathValue.test(path)) return;
  throw new AffinityOptionError(
    "path",
    'must start with "/" and have visible ASCII characters without ";" only; a browser replaces any other path by the one of the request',
  );
}

function checkDomain(domain: string | undefined): void {
  if (domain === undefined || domainName.test(domain)) return;
  throw new AffinityOptionError(
    "domain",
    "is not a host name of two labels or more (no leading dot, no IP address, no port, ASCII only); leave it out to bind the cookie to the host",
  );
}

function checkSecure({ secure, sameSite, partitioned }: CookieAttributes): void {
  if (secure === true) return;
  if (sameSite === "none") throw needsSecure("sameSite", 'is "none"');
  if (partitioned) throw needsSecure("partitioned", "is true");
}

function needsSecure(option: string, given: string): AffinityOptionError {
  return new AffinityOptionError(
    option,
    `${given}, which browsers take from a Secure cookie only; set secure: true ("auto" is not enough, since it may turn out false)`,
  );
}

/** What each name prefix demands (RFC 6265bis section 4.1.3; `__Http-` and `__Host-Http-` in its successor). */
function checkNamePrefix(name: string, attributes: CookieAttributes): void {
  const prefix = /^__(?:Host-Http|Host|Secure|Http)-/i.exec(name)?.[0];
  if (prefix === undefined) return;
  const kind = prefix.toLowerCase();
  const problems = [
    attributes.secure === true ? [] : ["secure: true"],
    kind.includes("http") && !attributes.httpOnly ? ["httpOnly: true"] : [],
    kind.startsWith("__host") && attributes.path !== "/" ? ['path: "/"'] : [],
    kind.startsWith("__host") && attributes.domain !== undefined ? ["no domain"] : [],
  ].flat();
  if (problems.length === 0) return;
  throw new AffinityOptionError(
    "name",
    `starts with ${prefix}, so browsers demand ${problems.join(" and ")}; change that, or drop the prefix`,
  );
}

/**
 * The text after `name=value`. An expiring cookie has the same attributes, since a browser matches a cookie by
 * name, domain, path and partition, and refuses a prefixed one whose attributes do not fit.
 *
 * There is no Expires: every browser knows Max-Age, and Apache HttpClient's default policy drops a cookie whose
 * Expires is not in Netscape's form (sockjs/sockjs-client#469).
 */
export function writeAttributes(attributes: CookieAttributes, secure: boolean, isExpiring: boolean): string {
  let text = `; Path=${attributes.path}`;
  if (attributes.domain !== undefined) text += `; Domain=${attributes.domain}`;
  if (isExpiring) text += "; Max-Age=0";
  else if (attributes.lifetimeSeconds !== "session") text += `; Max-Age=${attributes.lifetimeSeconds}`;
  if (attributes.httpOnly) text += "; HttpOnly";
  if (secure) text += "; Secure";
  text += `; SameSite=${attributes.sameSite[0]!.toUpperCase()}${attributes.sameSite.slice(1)}`;
  if (attributes.partitioned) text += "; Partitioned";
  return text;
}
