import type { LmdbOptions } from "./options.ts";

/** The options of the backend among those of a store; an option that is `undefined` was not given. */
export function partLmdbOptions<Options extends LmdbOptions>(
  options: Options,
): { backend: LmdbOptions; rest: Omit<Options, keyof LmdbOptions> } {
  const { path, prefix, durability, mode, now, ...rest } = options;
  const backend: LmdbOptions = {
    path,
    ...(prefix !== undefined && { prefix }),
    ...(durability !== undefined && { durability }),
    ...(mode !== undefined && { mode }),
    ...(now !== undefined && { now }),
  };
  return { backend, rest };
}
