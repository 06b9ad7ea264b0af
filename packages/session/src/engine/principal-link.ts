import { createHash } from "node:crypto";
import type { Answer, SessionKey } from "../backend.ts";
import { SessionLimitError, UnsupportedError } from "./errors.ts";
import { emit } from "./events.ts";
import { entryLifetimeMs, type PrincipalEntryPlan } from "./principal-entry.ts";
import { type EngineContext, reasonOf, type SessionState } from "./session-state.ts";

/** What the index knows a principal by. */
export function principalKey(principal: string): string {
  return createHash("sha256").update("principal:").update(principal).digest("base64url");
}

/**
 * Enter a session in its principal's index, *before* it is stored: whoever ends all sessions of that
 * principal meanwhile then finds it, and its tombstone stops the store. For the same reason it is entered
 * before its deadline is moved. Returns what must end to make room. A session that is to be renamed is listed
 * under both keys for a moment, in one place, so that it does not count twice.
 */
export async function linkPrincipal(
  context: EngineContext,
  state: SessionState,
  key: SessionKey,
  entry: PrincipalEntryPlan,
): Promise<readonly SessionKey[]> {
  if (entry.principal === undefined) return [];
  const { index, policy } = context;
  if (index === undefined) throw new UnsupportedError(context.backend.name, "index of a user's sessions");
  const limit = entry.isEntering ? policy.maxSessions : undefined;
  const principal = principalKey(entry.principal);
  const lifetime = { idleMs: entryLifetimeMs(state, entry.endMs) };
  const result = await context.call("linkPrincipal", () =>
    index.linkPrincipal(principal, key, "", lifetime, limit, entry.isEntering ? undefined : state.key),
  );
  if (result.outcome === "limit") {
    emit("refused", reasonOf, context, key, "limit");
    throw new SessionLimitError(limit!.max);
  }
  return result.evict;
}

/** Leave the index. A failure leaves an entry that prunes itself, so it fails no request. */
export async function unlinkPrincipal(
  context: EngineContext,
  principal: string | undefined,
  key: SessionKey,
): Promise<void> {
  const { index } = context;
  if (principal === undefined || index === undefined) return;
  const unlink = (): Answer<void> => index.unlinkPrincipal(principalKey(principal), key);
  await context.call("unlinkPrincipal", unlink, undefined, () => undefined);
}

/** End sessions of one principal that lost their place. One that cannot be ended stays listed, for the next to end. */
export async function evictSessions(
  context: EngineContext,
  principal: string,
  keys: readonly SessionKey[],
): Promise<void> {
  await Promise.all(
    keys.map(async (key) => {
      try {
        await endKey(context, key, "evicted");
      } catch {
        return;
      }
      await unlinkPrincipal(context, principal, key);
    }),
  );
}

/** End the session under a key, following it to where a rename moved it. Answers whether one was alive. */
export async function endKey(context: EngineContext, key: SessionKey, reason: string): Promise<boolean> {
  const { backend, policy } = context;
  let at = key;
  for (;;) {
    const name = at;
    const result = await context.call("destroy", () => backend.destroy(name, policy.tombstoneMs));
    if (result.outcome === "moved") {
      at = result.movedTo;
      continue;
    }
    if (result.outcome === "ok") emit("destroyed", reasonOf, context, name, reason);
    return result.outcome === "ok";
  }
}

/**
 * Whether a session is there under an id that nobody was told is not known: it is ended, and leaves its user's list,
 * where it would count. What cannot be ended stays listed.
 */
export async function giveUp(
  context: EngineContext,
  principal: string | undefined,
  key: SessionKey,
): Promise<void> {
  try {
    await context.call("destroy", () => context.backend.destroy(key, context.policy.tombstoneMs));
  } catch {
    return;
  }
  await unlinkPrincipal(context, principal, key);
}
