import { asIs } from "./as-is.ts";

/** One step after another: a second save must see what the first one stored, or it would add a counter's change twice. */
export class TurnQueue {
  #last: Promise<unknown> | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** Settles with the step. `recover`: what becomes of a failure; else it is the caller's. */
  add<Value>(step: () => Promise<Value>, recover: (error: unknown) => Value = rethrow): Promise<Value> {
    return this.enter(this.#last === undefined ? step() : this.#last.then(step, step), asIs, recover);
  }

  /** {@link add}, of a step that began in its turn. `as`: what becomes of its answer. */
  enter<Value, Result>(
    begun: Promise<Value>,
    as: (value: Value) => Result,
    recover: (error: unknown) => Result,
  ): Promise<Result> {
    const run: Promise<Result> = begun.then(
      (value) => {
        if (this.#last === run) this.#last = undefined;
        return as(value);
      },
      (error: unknown) => {
        if (this.#last === run) this.#last = undefined;
        return recover(error);
      },
    );
    this.#last = run;
    return run;
  }
}

function rethrow(error: unknown): never {
  throw error;
}

/** A failure is told to whoever waits for it; that nobody does is no reason to end the process. */
export function toWhoeverWaits<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => undefined);
  return promise;
}
