import type { AffinityState } from "./decide.ts";

/** What one affinity knows of one request's client: `req.affinity`, `ctx.affinity`. */
export interface Affinity {
  /** The cookie's name. */
  readonly name: string;
  /** Unknown here, bound here, or bound to another instance and now here. */
  readonly state: AffinityState;
  /**
   * Ends the affinity: this response expires the cookie. May be called again.
   * Throws `ERR_UNSTICK_HEAD_WRITTEN` once the response head is out.
   */
  release(): void;
}

/** One affinity, or, where several are mounted, one under each cookie's name. */
export type RequestAffinity = Affinity & { readonly [name: string]: Affinity };

/** Whatever a framework hands its handlers: a request, or Koa's context. */
export interface AffinityHolder {
  affinity?: RequestAffinity;
}

/** The affinity of this name that the request has already met, if any. */
export function findAffinity(holder: AffinityHolder, name: string): Affinity | undefined {
  const { affinity } = holder;
  if (affinity === undefined) return undefined;
  if (isSingle(affinity)) return affinity.name === name ? affinity : undefined;
  return affinity[name];
}

/** The first is `holder.affinity` itself; with a second they move under their names. */
export function attachAffinity(holder: AffinityHolder, added: Affinity): void {
  const { affinity } = holder;
  if (affinity === undefined) {
    holder.affinity = added as RequestAffinity;
    return;
  }
  const before = isSingle(affinity) ? { [affinity.name]: affinity } : affinity;
  // Without a prototype, since a cookie may well be called `constructor`.
  holder.affinity = Object.assign(Object.create(null), before, { [added.name]: added });
}

/** A map of affinities has no prototype; its keys may be `name` or `state`, so they tell nothing. */
function isSingle(affinity: RequestAffinity): boolean {
  return Object.getPrototypeOf(affinity) !== null;
}
