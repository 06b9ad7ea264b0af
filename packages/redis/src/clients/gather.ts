/** What a `net.Socket` has of `stream.Writable`. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

type Streams = readonly (Corkable | undefined)[];

/** How slowly it is forgotten how many commands were under way at once: by one part in so many with each command. */
const MEMORY = 64;

/**
 * For a client that writes each command by itself, a system call here and one there: commands of one turn of the event
 * loop leave together, until half as many wait as were lately under way at once. Then one half is with the server while
 * this process makes the other; with all of them in one write each would stand idle while the other works. The command
 * itself is sent at once, in its own asynchronous context, and in its order among those of the application; only its
 * bytes wait, never longer than to the end of the turn.
 */
export class Gathering {
  readonly #streams: () => Streams;
  #corked: Streams | undefined;
  #waiting = 0;
  #unanswered = 0;
  #atOnce = 0;
  #isTurnWatched = false;

  /** @param streams The connections there are now. */
  constructor(streams: () => Streams) {
    this.#streams = streams;
  }

  /** Send a command by a function that is called at once. */
  send<T>(command: () => Promise<T>): Promise<T> {
    const isEnough = this.#count();
    if (!isEnough && this.#corked === undefined) this.#hold();
    try {
      const reply = command();
      reply.then(this.#answered, this.#answered);
      return reply;
    } catch (error) {
      this.#answered();
      throw error;
    } finally {
      if (isEnough) this.#release();
    }
  }

  /** Count one more; answers whether with it enough wait. */
  #count(): boolean {
    this.#unanswered += 1;
    this.#waiting += 1;
    const now = this.#unanswered;
    const before = this.#atOnce;
    this.#atOnce = now > before ? now : before - (before - now) / MEMORY;
    return this.#waiting * 2 >= this.#atOnce;
  }

  readonly #answered = (): void => {
    this.#unanswered -= 1;
  };

  #hold(): void {
    this.#corked = this.#streams();
    for (const stream of this.#corked) stream?.cork();
    if (this.#isTurnWatched) return;
    this.#isTurnWatched = true;
    setImmediate(() => {
      this.#isTurnWatched = false;
      this.#release();
    });
  }

  #release(): void {
    const corked = this.#corked ?? [];
    this.#corked = undefined;
    this.#waiting = 0;
    for (const stream of corked) stream?.uncork();
  }
}
