/** How many clients are remembered; the longest silent one is forgotten first. */
const mostClients = 1_000;

/** A client that holds a cookie of the balancer, under a name that says nothing about it. */
export interface Pinned {
  readonly client: string;
  readonly target: string;
  /** Milliseconds since 1970. */
  readonly lastSeenMs: number;
  readonly requests: number;
  /** How often it changed its target. */
  readonly moves: number;
}

/** Who was last pinned where. For people to look at: routing never reads it, as an ALB keeps no such table. */
export class PinBook {
  readonly #clients: Map<string, Pinned> = new Map();

  pin(client: string, target: string, nowMs: number): void {
    const before = this.#clients.get(client);
    this.#clients.delete(client);
    const isMoved = before !== undefined && before.target !== target;
    const moves = (before?.moves ?? 0) + (isMoved ? 1 : 0);
    this.#clients.set(client, {
      client,
      target,
      lastSeenMs: nowMs,
      requests: (before?.requests ?? 0) + 1,
      moves,
    });
    const [longestSilent] = this.#clients.keys();
    if (this.#clients.size > mostClients && longestSilent !== undefined) this.#clients.delete(longestSilent);
  }

  forget(client: string): void {
    this.#clients.delete(client);
  }

  clear(): void {
    this.#clients.clear();
  }

  /** Latest first. */
  list(): readonly Pinned[] {
    return [...this.#clients.values()].reverse();
  }
}
