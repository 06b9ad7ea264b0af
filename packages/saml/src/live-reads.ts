/**
 * How often this process has read each request id alive and not yet seen used.
 *
 * node-saml 5 calls `removeAsync` both to claim an id and, after any failure, to tidy up, and never looks at
 * the answer: throwing is the only refusal it hears, and a throw while it tidies up would hide the real error.
 * A validation that is about to accept has read the id alive twice (the Response, then its
 * SubjectConfirmationData). So: fewer than two reads outstanding means that nobody here can be about to accept.
 */
export class LiveReads {
  readonly #reads = new Map<string, { count: number; readonly forgetAtMs: number }>();
  readonly #memoryMs: number;
  readonly #now: () => number;

  constructor(memoryMs: number, now: () => number = Date.now) {
    this.#memoryMs = memoryMs;
    this.#now = now;
  }

  /** Ids in memory; those whose lifetime is over are dropped at the next {@link saw}. */
  get size(): number {
    return this.#reads.size;
  }

  /** The id was read and was alive. */
  saw(id: string): void {
    const now = this.#now();
    this.#forgetOld(now);
    const entry = this.#reads.get(id);
    if (entry === undefined) this.#reads.set(id, { count: 1, forgetAtMs: now + this.#memoryMs });
    else entry.count += 1;
  }

  /** A validation here has claimed the id or failed to; the two reads that led to it are accounted for. */
  leave(id: string): void {
    const entry = this.#reads.get(id);
    if (entry === undefined) return;
    entry.count -= 2;
    if (entry.count <= 0) this.#reads.delete(id);
  }

  /** May a validation in this process be about to accept an answer to this id? */
  hasContender(id: string): boolean {
    return (this.#reads.get(id)?.count ?? 0) >= 2;
  }

  /** All entries live equally long, so a Map's insertion order is their order of ending. */
  #forgetOld(now: number): void {
    for (const [id, { forgetAtMs }] of this.#reads) {
      if (forgetAtMs > now) return;
      this.#reads.delete(id);
    }
  }
}
