import type { SharedState, TakeOutcome } from "@unstick/session";
import { digest } from "./digest.ts";

/** One kind of record in the shared state. Names are of any length and may be secret: only their hash is stored. */
export interface Shelf {
  add(name: string, value: string, lifetimeMs: number): Promise<boolean>;
  put(name: string, value: string, lifetimeMs: number): Promise<void>;
  get(name: string): Promise<string | null>;
  take(name: string, tombstoneMs: number): Promise<TakeOutcome>;
  /** Whether something stands under the name: a live value, or the tombstone of one that was taken. */
  isTaken(name: string): Promise<boolean>;
}

export function shelf(state: SharedState, kind: string, scope: string): Shelf {
  const keyOf = (name: string): string => `saml:${kind}:${digest(scope, name)}`;
  return {
    add: (name, value, lifetimeMs) => state.add(keyOf(name), value, lifetimeMs),
    put: (name, value, lifetimeMs) => state.put(keyOf(name), value, lifetimeMs),
    get: (name) => state.get(keyOf(name)),
    take: (name, tombstoneMs) => state.take(keyOf(name), { tombstoneMs }),
    // An item without a lifetime is not stored; the answer is whether the key was free.
    isTaken: async (name) => !(await state.add(keyOf(name), "", 0)),
  };
}
