import { rethrowAsUnavailable } from "../http/unavailable.ts";

/** One step after another, whether or not the application waits for each. */
export class StepQueue {
  #last: Promise<void> | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** Settles with the step; what a store says when it fails becomes an error of status 503. */
  add(step: () => Promise<void>): Promise<void> {
    const run = (this.#last === undefined ? step() : this.#last.then(step, step)).catch(rethrowAsUnavailable);
    const settle = (): void => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled: Promise<void> = run.then(settle, settle);
    this.#last = settled;
    return run;
  }
}
