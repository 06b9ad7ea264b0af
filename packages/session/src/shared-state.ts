/**
 * Small values that all instances share for a short time: SAML request ids, one-time tickets. Every verb is
 * one atomic step by the store's own clock. Keys are 1–512 characters; they are hashed before they are
 * stored by whoever holds secrets in them. Keys and values are well-formed Unicode; a value may be empty. A
 * verb rejects only when the store itself fails or misses its deadline. A lifetime of zero or less is over
 * at once: the verb answers as it would otherwise, and nothing of its value is kept.
 */
export interface SharedState {
  /** Store only if the key is free: no live value and no tombstone. Answers whether it was stored. */
  add(key: string, value: string, lifetimeMs: number): Promise<boolean>;

  /** Store, whatever was there, a tombstone included. */
  put(key: string, value: string, lifetimeMs: number): Promise<void>;

  /** The live value, or `null`: never stored, expired, removed or taken. */
  get(key: string): Promise<string | null>;

  /**
   * Read and delete in one step: of any number of callers exactly one gets the value. With `tombstoneMs`
   * a tombstone is left under the same key, so that a later caller is told `"used"` and not `"unknown"`.
   * Where there is nothing to take no tombstone is left. A lost reply means that nobody got the value:
   * refuse when in doubt.
   */
  take(key: string, options?: { readonly tombstoneMs?: number }): Promise<TakeOutcome>;

  /** Delete, a tombstone included. Answers whether there was a live value. */
  remove(key: string): Promise<boolean>;

  /**
   * Live keys that start with `prefix`, taken literally; one that lives throughout is given exactly once. For
   * enumeration, never for a request path.
   */
  keys(prefix: string): AsyncIterable<string>;

  /** Release what the store itself opened. A client that was handed in stays open. */
  close?(): Promise<void>;
}

export type TakeOutcome =
  | { readonly outcome: "taken"; readonly value: string }
  | { readonly outcome: "used" }
  | { readonly outcome: "unknown" };
