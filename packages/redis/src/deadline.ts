import { DeadlineError } from "@unstick/session";

/** One call that waits for its answer, among the others in the order of their deadlines. */
interface Waiting {
  readonly until: number;
  readonly expire: () => void;
  settled: boolean;
  before: Waiting | undefined;
  after: Waiting | undefined;
}

/** Called when calls have waited for so long and nothing at all was heard meanwhile. */
export interface SilenceRule {
  readonly afterMs: number;
  onSilence(): void;
}

/**
 * Deadlines that are all equally long pass in the order in which they were set, so one timer serves them
 * all: no `setTimeout` per call. A call that has its answer is kept no longer: held until its deadline, thousands of
 * them would grow old, and cost the garbage collector more than all the rest costs.
 */
export class Deadlines {
  readonly #deadlineMs: number;
  readonly #silence: SilenceRule;
  #first: Waiting | undefined;
  #last: Waiting | undefined;
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
    const before = this.#last;
    const waiting = { until: now + this.#deadlineMs, expire, settled: false, before, after: undefined };
    this.#last = waiting;
    if (before === undefined) this.#first = waiting;
    else before.after = waiting;
    if (this.#timer === undefined) this.#arm(this.#deadlineMs);
    else if (before === undefined) this.#timer.ref();
    return waiting;
  }

  #settle(waiting: Waiting): void {
    if (waiting.settled) return;
    waiting.settled = true;
    const { before, after } = waiting;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // A timer with nothing to wait for must not keep the process.
    if (this.#first === undefined) this.#timer?.unref();
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
    this.#timer = undefined;
    let missed = false;
    while (this.#first !== undefined && this.#first.until <= now) {
      const waiting: Waiting = this.#first;
      missed = true;
      this.#settle(waiting);
      waiting.expire();
    }
    if (missed) this.#judgeSilence(now);
    if (this.#first !== undefined) this.#arm(Math.max(1, this.#first.until - now));
  }

  #judgeSilence(now: number): void {
    const { afterMs, onSilence } = this.#silence;
    if (afterMs === 0 || now - this.#silentSince < afterMs) return;
    this.#silentSince = now;
    onSilence();
  }
}
