/** One call that waits for its answer. */
interface Waiting {
  readonly until: number;
  readonly expire: () => void;
  settled: boolean;
}

/**
 * Deadlines that are all equally long pass in the order in which they were set, so one timer serves them
 * all: no `setTimeout` per call.
 */
export class Deadlines {
  readonly #deadlineMs: number;
  #waiting: Waiting[] = [];
  #first = 0;
  #unsettled = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Resolve as `work` does, reject with what `failed` makes of its error, or reject with `late()` when the
   * deadline passes first; what comes then is dropped.
   */
  limit<T>(work: Promise<T>, late: () => Error, failed: (error: unknown) => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting = this.#add(() => reject(late()));
      work.then(
        (value) => {
          this.#settle(waiting);
          resolve(value);
        },
        (error: unknown) => {
          this.#settle(waiting);
          reject(failed(error));
        },
      );
    });
  }

  #add(expire: () => void): Waiting {
    const waiting = { until: performance.now() + this.#deadlineMs, expire, settled: false };
    this.#waiting.push(waiting);
    this.#unsettled += 1;
    if (this.#timer === undefined) this.#arm(this.#deadlineMs);
    else if (this.#unsettled === 1) this.#timer.ref();
    return waiting;
  }

  #settle(waiting: Waiting): void {
    if (waiting.settled) return;
    waiting.settled = true;
    this.#unsettled -= 1;
    // A timer with nothing to wait for must not keep the process.
    if (this.#unsettled === 0) this.#timer?.unref();
  }

  #arm(delayMs: number): void {
    // A process that was busy finds its timers before its sockets: answers that are there already come first.
    this.#timer = setTimeout(() => setImmediate(() => this.#sweep()), delayMs);
  }

  #sweep(): void {
    const now = performance.now();
    let next = this.#waiting[this.#first];
    while (next !== undefined && (next.settled || next.until <= now)) {
      this.#first += 1;
      if (!next.settled) {
        this.#settle(next);
        next.expire();
      }
      next = this.#waiting[this.#first];
    }
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
    this.#timer = undefined;
    if (next === undefined) return;
    this.#arm(Math.max(1, next.until - now));
    if (this.#unsettled === 0) (this.#timer as NodeJS.Timeout | undefined)?.unref();
  }
}
