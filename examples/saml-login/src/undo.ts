/** How to take back what was started. Each step is noted as soon as there is something to take back. */
export class Undo {
  #steps: (() => Promise<void>)[] = [];

  add(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  /** The last first; every step is tried, and the first failure is thrown. Again: nothing is left to do. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) await step().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
