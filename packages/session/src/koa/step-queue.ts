import { rethrowAsUnavailable } from "../http/unavailable.ts";

/** One step after another, whether or not the application waits for each. */
export class StepQueue {
  #last: Promise<void> | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /**
   * Settles with the step; what a store says when it fails becomes an error of status 503. Answers without a
   * promise when the step had its turn at once, and was done at once.
   */
  add(step: () => Promise<void> | undefined): Promise<void> | undefined {
    const begun = this.#last === undefined ? begin(step) : this.#last.then(step, step);
    if (begun === undefined) return undefined;
    const run = begun.catch(rethrowAsUnavailable);
    const settle = (): void => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled: Promise<void> = run.then(settle, settle);
    this.#last = settled;
    return run;
  }
}

function begin(step: () => Promise<void> | undefined): Promise<void> | undefined {
  try {
    return step();
  } catch (error) {
    return Promise.reject(error);
  }
}
