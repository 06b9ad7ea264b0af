import { type EncryptionOptions, KeyRing, OptionError, type SharedState } from "@unstick/session";
import { checkScope, checkWhole, withDefaults } from "../read-options.ts";
import { type SealedStateOptions, sealedState } from "./sealed-state.ts";
import { readSource, rememberView } from "./state-source.ts";

export interface SamlStateOptions {
  /** Where it is kept: `memoryState()`, `lmdbState({ path })` or `redisState(client)`. */
  readonly backend: SharedState;
  /** Keeps a tenant, an application or an identity provider apart from others; default `"default"`. */
  readonly scope?: string;
  /** How long an item lives when the call does not say; default 600,000 (10 minutes). */
  readonly itemLifetimeMs?: number;
  /** Seal values with AES-256-GCM. Keys, and their rotation, as in sessions. Default: not sealed. */
  readonly encryption?: EncryptionOptions;
  /** Longest key, bytes; default 4096. Stored is its hash. */
  readonly maxKeyBytes?: number;
  /** Largest value, bytes; default 262,144. */
  readonly maxValueBytes?: number;
}

export interface ItemOptions {
  /** Milliseconds. Default: the state's `itemLifetimeMs`. */
  readonly lifetimeMs?: number;
}

/**
 * Web Storage's verbs, asynchronous and shared by all instances, and three that it lacks: a lifetime,
 * {@link addItem} and {@link takeItem}. Rejects with `SamlError` (`item_too_large`) beyond the limits, and with
 * the backend's error when that fails.
 */
export interface SamlState {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string, options?: ItemOptions): Promise<void>;
  removeItem(key: string): Promise<void>;
  /** The name of the n-th item in the order of names, or `null`. Reads all of them: never on a request path. */
  key(index: number): Promise<string | null>;
  /** How many items there are now. Reads all of them: never on a request path. */
  length(): Promise<number>;
  /** Remove the items of this scope, and nothing else. */
  clear(): Promise<void>;
  /** Store only if the key is free; answers whether it was stored. */
  addItem(key: string, value: string, options?: ItemOptions): Promise<boolean>;
  /** Read and remove in one step: of any number of callers one gets the value. */
  takeItem(key: string): Promise<string | null>;
  /** The same storage, in which keys of another scope do not exist. */
  scope(name: string): SamlState;
}

export const STATE_DEFAULTS: Required<Omit<SamlStateOptions, "backend" | "encryption">> = {
  scope: "default",
  itemLifetimeMs: 600_000,
  maxKeyBytes: 4096,
  maxValueBytes: 262_144,
};

/** Throws an {@link OptionError} for a wrong or unknown option. */
export function createSamlState(options: SamlStateOptions): SamlState {
  const read = withDefaults(STATE_DEFAULTS, options, ["backend", "encryption"]);
  checkScope(read.scope);
  checkWhole("itemLifetimeMs", read.itemLifetimeMs, 1, 400 * 86_400_000);
  checkWhole("maxKeyBytes", read.maxKeyBytes, 1, 1_048_576);
  checkWhole("maxValueBytes", read.maxValueBytes, 1, 16_777_216);
  if (typeof read.backend !== "object" || read.backend === null) {
    throw new OptionError("backend", "must be memoryState(), lmdbState({ path }) or redisState(client)");
  }
  const ring = read.encryption === undefined ? undefined : new KeyRing(read.encryption);
  const maxKeyBytes = read.maxKeyBytes + ITEM.length;
  return build({ ...read, maxKeyBytes, backend: readSource(read.backend), ring }, read.itemLifetimeMs);
}

/** Items and the records of logins live in one view and never meet. */
const ITEM = "item:";

function build(options: SealedStateOptions, itemLifetimeMs: number): SamlState {
  const view = sealedState(options);
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const name of view.keys(ITEM)) found.push(name.slice(ITEM.length));
    return found.sort();
  };
  const state: SamlState = {
    getItem: (key) => view.get(ITEM + key),
    setItem: (key, value, item) => view.put(ITEM + key, String(value), item?.lifetimeMs ?? itemLifetimeMs),
    removeItem: async (key) => void (await view.remove(ITEM + key)),
    key: async (index) => (await names())[index] ?? null,
    length: async () => (await names()).length,
    clear: async () => {
      for (const name of await names()) await view.remove(ITEM + name);
    },
    addItem: (key, value, item) => view.add(ITEM + key, String(value), item?.lifetimeMs ?? itemLifetimeMs),
    takeItem: async (key) => {
      const taken = await view.take(ITEM + key);
      return taken.outcome === "taken" ? taken.value : null;
    },
    scope: (name) => {
      checkScope(name);
      return build({ ...options, scope: JSON.stringify([options.scope, name]) }, itemLifetimeMs);
    },
  };
  rememberView(state, view);
  return Object.freeze(state);
}
