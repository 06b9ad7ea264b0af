import { OptionError } from "@unstick/session";

/** The given options over the defaults; throws an {@link OptionError} for a name that is neither. */
export function withDefaults<Defaults extends object, Given extends object>(
  defaults: Defaults,
  given: Given,
  required: readonly string[] = [],
): Defaults & Given {
  const known = [...Object.keys(defaults), ...required];
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new OptionError(name, `is not an option; known are ${known.join(", ")}`);
    }
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) } as Defaults & Given;
}

/** Throws unless `value` is a whole number from `least` to `most`. */
export function checkWhole(option: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new OptionError(option, `is ${String(value)}; give a whole number from ${least} to ${most}`);
  }
}

export function checkOneOf(option: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    throw new OptionError(option, `is ${JSON.stringify(value)}; give one of ${JSON.stringify(allowed)}`);
  }
}

/** Throws unless `value` is a name that keys may carry. */
export function checkScope(scope: unknown): void {
  if (typeof scope !== "string" || scope.length === 0 || scope.length > 256) {
    throw new OptionError("scope", "must be a string of 1 to 256 characters");
  }
}
