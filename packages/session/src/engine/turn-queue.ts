/** One step after another: a second save must see what the first one stored, or it would add a counter's change twice. */
export class TurnQueue {
  #last: Promise<unknown> | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** Settles with the step. `recover`: what becomes of a failure; else it is the caller's. */
  add<Value>(step: () => Promise<Value>, recover?: (error: unknown) => Value): Promise<Value> {
    const begun = this.#last === undefined ? step() : this.#last.then(step, step);
    const leave = (): void => {
      if (this.#last === run) this.#last = undefined;
    };
    const run: Promise<Value> = begun.then(
      (value) => {
        leave();
        return value;
      },
      (error: unknown) => {
        leave();
        if (recover === undefined) throw error;
        return recover(error);
      },
    );
    this.#last = run;
    return run;
  }
}

/** A failure is told to whoever waits for it; that nobody does is no reason to end the process. */
export function toWhoeverWaits<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
