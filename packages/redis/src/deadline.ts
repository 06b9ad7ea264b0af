import { DeadlineError } from "@unstick/session";

/** One call that waits for its answer. */
interface Waiting {
  readonly until: number;
  readonly expire: () => void;
  settled: boolean;
}

/** Called when calls have waited for so long and nothing at all was heard meanwhile. */
export interface SilenceRule {
  readonly afterMs: number;
  onSilence(): void;
}

/**
 * Deadlines that are all equally long pass in the order in which they were set, so one timer serves them
 * all: no `setTimeout` per call.
 */
export class Deadlines {
  readonly #deadlineMs: number;
  readonly #silence: SilenceRule;
  #waiting: Waiting[] = [];
  #unsettled = 0;
  /** Calls that the client has not settled, those whose deadline has passed included. */
  #unanswered = 0;
  #silentSince = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deadlineMs: number, silence: SilenceRule) {
    this.#deadlineMs = deadlineMs;
    this.#silence = silence;
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
          this.#hear(undefined);
          resolve(value);
        },
        (error: unknown) => {
          this.#settle(waiting);
          this.#hear(error);
          reject(failed(error));
        },
      );
    });
  }

  #add(expire: () => void): Waiting {
    const now = performance.now();
    if (this.#unanswered === 0) this.#silentSince = now;
    this.#unanswered += 1;
    const waiting = { until: now + this.#deadlineMs, expire, settled: false };
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

  #hear(error: unknown): void {
    this.#unanswered -= 1;
    if (!(error instanceof DeadlineError)) this.#silentSince = performance.now();
  }

  #arm(delayMs: number): void {
    // A process that was busy finds its timers before its sockets: answers that are there already come first.
    this.#timer = setTimeout(() => setImmediate(() => this.#sweep()), delayMs);
  }

  #sweep(): void {
    const now = performance.now();
    let missed = false;
    let first = 0;
    let next = this.#waiting[0];
    while (next !== undefined && (next.settled || next.until <= now)) {
      if (!next.settled) {
        missed = true;
        this.#settle(next);
        next.expire();
      }
      first += 1;
      next = this.#waiting[first];
    }
    this.#waiting = this.#waiting.slice(first);
    this.#timer = undefined;
    if (missed) this.#judgeSilence(now);
    if (next !== undefined) this.#await(next.until - now);
  }

  #await(delayMs: number): void {
    this.#arm(Math.max(1, delayMs));
    if (this.#unsettled === 0) this.#timer?.unref();
  }

  #judgeSilence(now: number): void {
    const { afterMs, onSilence } = this.#silence;
    if (afterMs === 0 || now - this.#silentSince < afterMs) return;
    this.#silentSince = now;
    onSilence();
  }
}
