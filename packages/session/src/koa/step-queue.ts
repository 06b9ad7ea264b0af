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
    // Cleared before anybody hears of it: a response that ends then is not held for a step that is done.
    const clear = (): void => {
      if (this.#last === run) this.#last = undefined;
    };
    const run: Promise<void> = begun.then(clear, (error: unknown) => {
      clear();
      rethrowAsUnavailable(error);
    });
    this.#last = run;
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
