import { OptionError } from "@unstick/session";

/** An option of the store that ours takes the place of, which has no meaning here, is refused by name. */
export function refuseOption(options: object, name: string, reason: string): void {
  if (name in options) throw new OptionError(name, `is not taken: ${reason}`);
}
