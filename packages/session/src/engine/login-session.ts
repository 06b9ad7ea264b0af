import { BackendError } from "../errors.ts";
import { attributeName } from "./attribute-name.ts";
import { SessionReplacedError } from "./errors.ts";
import { giveUp } from "./principal-link.ts";
import { isRandomId, type RenameResult, renameSession } from "./rename-session.ts";
import { saveSession } from "./save-session.ts";
import { type Device, type EngineContext, lifetimeOf, type SessionState } from "./session-state.ts";

export interface RenameOptions {
  /** Attributes that go along. Default: all. With it the session is read once more, for what came meanwhile. */
  readonly keep?: readonly string[];
  /** Default: the engine's `graceMs`. */
  readonly graceMs?: number;
  /** The new id. Only with `ids: "any"`. Default: a random one. */
  readonly id?: string;
}

export type LoginOptions = RenameOptions & { readonly device?: Device };

/**
 * Give a session a new id. Where that fails it is again what is stored: attributes and principal that were set before,
 * or dropped, would else be saved under the old id by whoever goes on, and somebody may have planted that id.
 */
export async function renameKeeping(
  context: EngineContext,
  state: SessionState,
  options: RenameOptions,
  store?: () => Promise<void>,
): Promise<RenameResult> {
  const { keep, graceMs, id } = options;
  const before = { id: state.id, key: state.key };
  for (const name of keep === undefined ? [] : [...state.slots.names()])
    if (!keep?.includes(name)) state.slots.delete(name);
  try {
    const result = await renameSession(context, state, graceMs ?? context.policy.graceMs, id);
    if (state.isNew) await store?.();
    else if (keep !== undefined && result === "renamed") await dropLatecomers(context, state, keep);
    return result;
  } catch (error) {
    if (state.isNew) Object.assign(state, before);
    if (state.key === before.key) {
      state.slots.reset();
      state.principal = state.storedPrincipal;
    }
    throw error;
  }
}

/**
 * Whoever planted the old id may have written until the very rename, what was to be left behind among it, and a merge may
 * have brought that back. From then on nobody else writes. Where it cannot be looked after the session ends.
 */
async function dropLatecomers(
  context: EngineContext,
  state: SessionState,
  keep: readonly string[],
): Promise<void> {
  const { key } = state;
  try {
    const stored = await context.call("read", () => context.backend.read(key));
    const remove = [...(stored?.attributes.keys() ?? [])].filter((name) => !isKept(name, keep));
    if (remove.length === 0) return;
    await context.call("update", () =>
      context.backend.update(key, { remove }, lifetimeOf(context, state), context.nextToken()),
    );
  } catch (error) {
    state.ended = true;
    await giveUp(context, state.principal, key);
    throw error;
  }
}

/** The engine's own notes are. */
function isKept(stored: string, keep: readonly string[]): boolean {
  const name = attributeName(stored);
  return name === undefined || keep.includes(name);
}

/** {@link renameKeeping}, for a session that is now `principal`'s. One that is new is stored at once. */
export async function loginSession(
  context: EngineContext,
  state: SessionState,
  principal: string,
  { device, ...options }: LoginOptions,
): Promise<RenameResult> {
  const { device: before } = state;
  state.principal = principal;
  if (device !== undefined) state.device = device;
  try {
    return await renameKeeping(context, state, options, () => storeNew(context, state, options.id));
  } catch (error) {
    if (state.storedPrincipal !== principal) state.device = before;
    throw error;
  }
}

async function storeNew(context: EngineContext, state: SessionState, given?: string): Promise<void> {
  const { key, principal } = state;
  try {
    const outcome = await saveSession(context, state, {});
    if (outcome === "taken" || outcome === "gone") throw new SessionReplacedError();
  } catch (error) {
    if (error instanceof BackendError && isRandomId(context, given)) await giveUp(context, principal, key);
    throw error;
  }
}
