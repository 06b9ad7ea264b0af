import { createHash } from "node:crypto";
import { channel } from "node:diagnostics_channel";
import type { SharedState } from "@unstick/session";
import { RequestUsedError } from "./errors.ts";
import { LiveReads } from "./live-reads.ts";
import { assertSharedState, type CacheProviderOptions, readOptions } from "./options.ts";

/** What node-saml's `CacheProvider` returns for a saved id. */
export interface CacheItem {
  value: string;
  createdAt: number;
}

/**
 * node-saml's `CacheProvider` (5.1), with `consumeAsync` of its coming releases
 * (https://github.com/node-saml/node-saml/issues/431).
 */
export interface SharedCacheProvider {
  /** Store if the id is free; `null` if it is not. */
  saveAsync(key: string, value: string): Promise<CacheItem | null>;
  /** The value, or `null`: never saved, expired, removed or consumed. Reading changes nothing: node-saml reads twice. */
  getAsync(key: string): Promise<string | null>;
  /**
   * The id if it was there, else `null`. Rejects with {@link RequestUsedError} when another answer was
   * accepted between the reads of this validation and now.
   */
  removeAsync(key: string | null): Promise<string | null>;
  /** Read and remove in one step: of any number of callers on any number of instances one gets the value. */
  consumeAsync(key: string | null): Promise<string | null>;
}

const usedChannel = channel("unstick.saml.request-used");

/**
 * Keeps the ids of AuthnRequests and LogoutRequests in a state that all instances share, so that a login that
 * began on one instance ends on any other. Pass it to node-saml or passport-saml as `cacheProvider`.
 *
 * Rejects when the state fails or misses its deadline: node-saml then refuses the login.
 */
export function cacheProvider(state: SharedState, options: CacheProviderOptions = {}): SharedCacheProvider {
  assertSharedState(state);
  const { requestIdLifetimeMs, scope } = readOptions(options);
  const liveReads = new LiveReads(requestIdLifetimeMs);
  // InResponseTo arrives before any signature was checked: of any length, from anybody.
  const keyOf = (id: string): string => `saml:request:${digest(`${scope.length}:${scope}${id}`)}`;
  const claim = (key: string) => state.take(key, { tombstoneMs: requestIdLifetimeMs });

  return {
    saveAsync: async (id, value) => {
      const isSaved = await state.add(keyOf(id), value, requestIdLifetimeMs);
      return isSaved ? { value, createdAt: Date.now() } : null;
    },
    getAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const key = keyOf(id);
      const value = await state.get(key);
      if (value !== null) liveReads.saw(key);
      return value;
    },
    removeAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const key = keyOf(id);
      const { outcome } = await claim(key).catch((error: unknown) => {
        // In doubt: this validation ends here, and node-saml will call again to tidy up.
        liveReads.leave(key);
        throw error;
      });
      if (outcome === "taken") {
        liveReads.leave(key);
        return id;
      }
      if (!liveReads.hasContender(key)) return null;
      usedChannel.publish({ scope });
      throw new RequestUsedError();
    },
    consumeAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const claimed = await claim(keyOf(id));
      if (claimed.outcome === "taken") return claimed.value;
      if (claimed.outcome === "used") usedChannel.publish({ scope });
      return null;
    },
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
