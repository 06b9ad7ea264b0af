import { type KeyRing, type SharedState, UndecodableError } from "@unstick/session";
import { digest } from "../digest.ts";
import { SamlError } from "../errors.ts";
import { emit } from "../events.ts";

export interface SealedStateOptions {
  readonly backend: SharedState;
  readonly ring: KeyRing | undefined;
  readonly scope: string;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
}

/**
 * A shared state whose keys are hashed, whose values are sealed (AES-256-GCM, bound to their key) where a ring
 * is given, and whose sizes are bounded. The name travels inside the value, for enumeration.
 */
export function sealedState(options: SealedStateOptions): SharedState {
  const { backend, scope } = options;
  const prefix = `saml:${digest("scope", scope).slice(0, 22)}:`;
  const keyOf = (name: string): string => prefix + digest(bounded(name, options.maxKeyBytes));
  const pack = (name: string, value: string): string =>
    seal(options.ring, keyOf(name), JSON.stringify([name, bounded(value, options.maxValueBytes)]));
  const unpack = (key: string, stored: string): readonly [name: string, value: string] | null => {
    const opened = open(options.ring, key, stored);
    if (opened === null) emit("damaged", { scope });
    return opened;
  };
  return {
    add: async (name, value, lifetimeMs) => backend.add(keyOf(name), pack(name, value), lifetimeMs),
    put: async (name, value, lifetimeMs) => backend.put(keyOf(name), pack(name, value), lifetimeMs),
    get: async (name) => {
      const stored = await backend.get(keyOf(name));
      return stored === null ? null : (unpack(keyOf(name), stored)?.[1] ?? null);
    },
    take: async (name, take) => {
      const taken = await backend.take(keyOf(name), take);
      if (taken.outcome !== "taken") return taken;
      const opened = unpack(keyOf(name), taken.value);
      return opened === null ? { outcome: "unknown" } : { outcome: "taken", value: opened[1] };
    },
    remove: async (name) => backend.remove(keyOf(name)),
    async *keys(start) {
      for await (const key of backend.keys(prefix)) {
        const stored = await backend.get(key);
        const name = stored === null ? undefined : unpack(key, stored)?.[0];
        if (name?.startsWith(start)) yield name;
      }
    },
  };
}

function bounded(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) > mostBytes) throw new SamlError("item_too_large");
  return text;
}

/** `<key id>.<nonce>.<tag> <sealed>`, or the plain text, which is JSON and so begins with a bracket. */
function seal(ring: KeyRing | undefined, key: string, text: string): string {
  const made = ring?.newSeal();
  return made === undefined ? text : `${made.header(key)} ${made.seal("item", text)}`;
}

function open(
  ring: KeyRing | undefined,
  key: string,
  stored: string,
): readonly [name: string, value: string] | null {
  try {
    return JSON.parse(unseal(ring, key, stored)) as [string, string];
  } catch (error) {
    if (error instanceof UndecodableError || error instanceof SyntaxError) return null;
    throw error;
  }
}

function unseal(ring: KeyRing | undefined, key: string, stored: string): string {
  if (stored.startsWith("[")) {
    if (ring !== undefined && !ring.acceptsPlain()) throw new UndecodableError("an item is not sealed");
    return stored;
  }
  const [header = "", sealed = ""] = stored.split(" ", 2);
  const [keyId = "", nonce = "", tag = ""] = header.split(".", 3);
  if (ring === undefined) throw new UndecodableError("an item is sealed, and no key is given");
  return ring.openSeal(keyId, nonce, tag, key).unseal("item", sealed);
}
