import type { TakeOutcome } from "@unstick/session";
import { digest } from "./digest.ts";
import { RequestUsedError } from "./errors.ts";
import { emit } from "./events.ts";
import { LiveReads } from "./live-reads.ts";
import { type CacheProviderOptions, readOptions } from "./options.ts";
import { PendingLogins } from "./pending-logins.ts";
import { type Shelf, shelf } from "./shelf.ts";
import { readSource, type StateSource } from "./state/state-source.ts";

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

/**
 * Keeps the ids of AuthnRequests and LogoutRequests in a state that all instances share, so that a login that
 * began on one instance ends on any other. Pass it to node-saml or passport-saml as `cacheProvider`.
 *
 * Rejects when the state fails or misses its deadline: node-saml then refuses the login.
 */
export function cacheProvider(state: StateSource, options: CacheProviderOptions = {}): SharedCacheProvider {
  const read = readOptions(options);
  return requestCache(shelf(readSource(state), "request", read.scope), read, pendingLogins(read));
}

/** The bound on what begins without a client's address. */
export function pendingLogins(
  options: Pick<Required<CacheProviderOptions>, "maxPendingLogins" | "requestIdLifetimeMs">,
): PendingLogins {
  return new PendingLogins(options.maxPendingLogins, Number.POSITIVE_INFINITY, options.requestIdLifetimeMs);
}

/** The same over whatever shelf its ids are kept on; several may share one bound. */
export function requestCache(
  requests: Shelf,
  options: Required<CacheProviderOptions>,
  pending: PendingLogins,
): SharedCacheProvider {
  const { requestIdLifetimeMs, scope } = options;
  const liveReads = new LiveReads(requestIdLifetimeMs);

  return {
    saveAsync: async (id, value) => {
      pending.admit();
      const isSaved = await requests.add(id, value, requestIdLifetimeMs);
      return isSaved ? { value, createdAt: Date.now() } : null;
    },
    getAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const value = await requests.get(id);
      if (value !== null) liveReads.saw(digest(id));
      return value;
    },
    removeAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const isClaimed = await claimAmong(liveReads, digest(id), requests.take(id, requestIdLifetimeMs));
      if (isClaimed) return id;
      if (!liveReads.hasContender(digest(id))) return null;
      emit("request-used", { scope });
      throw new RequestUsedError();
    },
    consumeAsync: async (id) => {
      if (id === null || id === undefined) return null;
      const claimed = await requests.take(id, requestIdLifetimeMs);
      if (claimed.outcome === "taken") return claimed.value;
      if (claimed.outcome === "used") emit("request-used", { scope });
      return null;
    },
  };
}

/** InResponseTo arrives before any signature was checked, of any length, from anybody: `known` is its digest. */
async function claimAmong(
  liveReads: LiveReads,
  known: string,
  claim: Promise<TakeOutcome>,
): Promise<boolean> {
  const { outcome } = await claim.catch((error: unknown) => {
    // In doubt: this validation ends here, and node-saml will call again to tidy up.
    liveReads.leave(known);
    throw error;
  });
  if (outcome === "taken") liveReads.leave(known);
  return outcome === "taken";
}
