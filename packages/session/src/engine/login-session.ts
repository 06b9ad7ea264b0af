import { type RenameResult, renameSession } from "./rename-session.ts";
import { saveSession } from "./save-session.ts";
import type { Device, EngineContext, SessionState } from "./session-state.ts";

export interface RenameOptions {
  /** Attributes that go along. Default: all. */
  readonly keep?: readonly string[];
  /** Default: the engine's `graceMs`. */
  readonly graceMs?: number;
  /** The new id. Only with `ids: "any"`. Default: a random one. */
  readonly id?: string;
}

export type LoginOptions = RenameOptions & { readonly device?: Device };

/** Give a session a new id. One that cannot be given has the attributes that were not to go along as before. */
export async function renameKeeping(
  context: EngineContext,
  state: SessionState,
  { keep, graceMs, id }: RenameOptions,
): Promise<RenameResult> {
  const names = keep === undefined || state.damaged ? [] : [...state.slots.names()];
  const dropped = names
    .filter((name) => keep?.includes(name) === false)
    .map((name) => state.slots.delete(name));
  try {
    return await renameSession(context, state, graceMs ?? context.policy.graceMs, id);
  } catch (error) {
    for (const takeBack of dropped) takeBack();
    throw error;
  }
}

/**
 * {@link renameKeeping}, for a session that is now `principal`'s. One that is new is stored at once. Where that fails
 * it is whose it was: a later save would else make it the principal's under its old id, which somebody may have planted.
 */
export async function loginSession(
  context: EngineContext,
  state: SessionState,
  principal: string,
  { device, ...options }: LoginOptions,
): Promise<RenameResult> {
  const before = { principal: state.principal, device: state.device };
  state.principal = principal;
  if (device !== undefined) state.device = device;
  try {
    const result = await renameKeeping(context, state, options);
    if (state.isNew) await saveSession(context, state, {});
    return result;
  } catch (error) {
    Object.assign(state, before);
    throw error;
  }
}
