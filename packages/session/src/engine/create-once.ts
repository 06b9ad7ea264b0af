import type { Attributes, CreateOutcome, Lifetime, SessionKey, StoredSession } from "../backend.ts";
import { DamagedRecordError, NewerRecordError } from "../errors.ts";
import type { EngineContext } from "./session-state.ts";

/**
 * `"taken"` by a session that holds, byte for byte, what was to be stored: this call was applied, its answer
 * lost, and the client resent it. Of a random id nobody else knows yet; of one that was given, two sessions
 * that are equal are one.
 */
export async function createOnce(
  context: EngineContext,
  key: SessionKey,
  attributes: Attributes,
  lifetime: Lifetime,
): Promise<CreateOutcome> {
  const outcome = await context.call("create", () => context.backend.create(key, attributes, lifetime));
  if (outcome !== "taken") return outcome;
  const read = () => context.backend.read(key);
  const stored = await context.call<StoredSession | null>("read", read, undefined, ignoreDamage);
  const isOurs =
    stored !== null &&
    stored.movedTo === undefined &&
    stored.attributes.size === attributes.size &&
    [...attributes].every(([name, value]) => stored.attributes.get(name) === value);
  return isOurs ? "ok" : "taken";
}

/** A record that cannot be read is not ours. */
function ignoreDamage(error: unknown): null {
  if (error instanceof DamagedRecordError || error instanceof NewerRecordError) return null;
  throw error;
}
