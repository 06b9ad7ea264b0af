import { AffinityOptionError } from "./errors.ts";
import type { AffinityOptions } from "./options.ts";

interface Rule {
  readonly accepts: (value: unknown) => boolean;
  /** What is accepted, to follow "must be". */
  readonly wanted: string;
}

const fewestSecretBytes = 16;
/** Each is tried on each forged cookie. */
const mostSecrets = 8;

/** One rule an option; the compiler keeps the list complete. */
const rules: { readonly [Option in keyof AffinityOptions]-?: Rule } = {
  name: { accepts: isString, wanted: "a string: the cookie name that the target group is configured with" },
  secret: {
    accepts: (value) => (Array.isArray(value) ? isSecretList(value) : isSecret(value)),
    wanted: `a string of ${fewestSecretBytes} bytes or more, or a list of 1 to ${mostSecrets} of them; make one with: openssl rand -base64 32`,
  },
  lifetimeSeconds: {
    accepts: (value) => typeof value === "number" || value === "session",
    wanted: 'a number of seconds, or "session"',
  },
  renewWithinSeconds: {
    accepts: (value) => value === "half" || (Number.isInteger(value) && (value as number) >= 0),
    wanted: 'a whole number of seconds, 0 or more, or "half"',
  },
  path: { accepts: isString, wanted: 'a string like "/"' },
  domain: {
    accepts: isString,
    wanted: 'a host name like "example.com"; leave it out to bind the cookie to the host',
  },
  httpOnly: { accepts: isBoolean, wanted: "true or false" },
  secure: { accepts: (value) => isBoolean(value) || value === "auto", wanted: 'true, false or "auto"' },
  sameSite: {
    accepts: (value) => value === "lax" || value === "strict" || value === "none",
    wanted: '"lax", "strict" or "none", in lower case',
  },
  partitioned: { accepts: isBoolean, wanted: "true or false" },
  when: {
    accepts: (value) => typeof value === "function",
    wanted: "a function (request, isOrdinary) => boolean",
  },
  instance: {
    accepts: (value) => isString(value) && value !== "",
    wanted: "a string that no other instance has, like os.hostname(); leave it out for a random one",
  },
  trustProxy: { accepts: isBoolean, wanted: "true or false" },
};

/**
 * The given options with their types checked; an option that is `undefined` counts as left out. Throws on an
 * option that is unknown or of another type. No message repeats a value: any of them may hold a secret.
 */
export function checkOptionTypes(options: unknown): Record<string, unknown> {
  if (typeof options !== "object" || options === null) {
    throw new AffinityOptionError("name", "is missing; call affinity({ name, secret })");
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [option, value] of given) checkOption(option, value);
  for (const option of ["name", "secret"] as const) {
    if (given.some(([present]) => present === option)) continue;
    throw new AffinityOptionError(option, `is missing; it must be ${rules[option].wanted}`);
  }
  return Object.fromEntries(given);
}

function checkOption(option: string, value: unknown): void {
  if (!isKnown(option)) {
    throw new AffinityOptionError(option, `is unknown; the options are ${Object.keys(rules).join(", ")}`);
  }
  const { accepts, wanted } = rules[option];
  if (!accepts(value)) throw new AffinityOptionError(option, `must be ${wanted}`);
}

function isKnown(option: string): option is keyof AffinityOptions {
  return Object.hasOwn(rules, option);
}

function isString(value: unknown): boolean {
  return typeof value === "string";
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isSecret(value: unknown): boolean {
  return typeof value === "string" && Buffer.byteLength(value) >= fewestSecretBytes;
}

function isSecretList(values: readonly unknown[]): boolean {
  return values.length >= 1 && values.length <= mostSecrets && values.every(isSecret);
}
