import type { SessionEnumeration } from "../backend.ts";

/** How many sessions a backend has: counted beside everything else, again when somebody asks and the last count is old. */
export class SessionCount {
  readonly #backend: SessionEnumeration;
  readonly #everyMs: number;
  #last: number | undefined;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #isCounting = false;

  constructor(backend: SessionEnumeration, everyMs: number) {
    this.#backend = backend;
    this.#everyMs = everyMs;
  }

  /** The last count; `undefined` before the first is done, and after one that failed. */
  ask(): number | undefined {
    if (!this.#isCounting && performance.now() - this.#countedAtMs >= this.#everyMs) void this.#count();
    return this.#last;
  }

  async #count(): Promise<void> {
    this.#isCounting = true;
    try {
      let sessions = 0;
      for await (const _key of this.#backend.sessionKeys()) sessions += 1;
      this.#last = sessions;
    } catch {
      this.#last = undefined;
    } finally {
      this.#countedAtMs = performance.now();
      this.#isCounting = false;
    }
  }
}
