/** How long what a server said of its time is believed. */
const FRESH_MS = 1_000;

/** An answer that took longer says too little of when it was true. */
const PROMPT_MS = 50;

/**
 * A server's time between its answers, by this process's monotonic clock: that of its calendar may be moved, and does not
 * matter. It is never behind, and ahead by at most {@link PROMPT_MS}; either holds up to what the server's clock is moved
 * within {@link FRESH_MS}, a failover to a server with another one included.
 */
export class ServerClock {
  readonly #isOneServer: boolean;
  #aheadMs = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Of several servers each has a clock of its own, and none is believed. */
  constructor(isOneServer: boolean) {
    this.#isOneServer = isOneServer;
  }

  /** Whether the server need not be asked. */
  get isFresh(): boolean {
    return performance.now() - this.#toldAt < FRESH_MS;
  }

  /** Milliseconds since 1970, by what was last told. */
  now(): number {
    return Math.ceil(performance.now() + this.#aheadMs);
  }

  /** What the server said its time was, in whole milliseconds, when it was asked at `askedAt` of `performance.now()`. */
  tell(serverMs: number, askedAt: number): void {
    if (!this.#isOneServer || performance.now() - askedAt > PROMPT_MS) return;
    this.#toldAt = askedAt;
    this.#aheadMs = serverMs + 1 - askedAt;
  }
}
