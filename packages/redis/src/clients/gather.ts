/** What a `net.Socket` has of `stream.Writable`. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/** Send a command by the function given, which is called at once, and answer what it answers. */
export type Gather = <T>(send: () => Promise<T>) => Promise<T>;

/** How slowly it is forgotten how many commands were under way at once: by one part in so many with each command. */
const MEMORY = 64;

/**
 * For a client that writes each command by itself, a system call here and one there: commands of one turn of the event
 * loop leave together, until half as many wait as were lately under way at once. Then one half is with the server while
 * this process makes the other; with all of them in one write each would stand idle while the other works. The command
 * itself is sent at once, in its own asynchronous context, and in its order among those of the application; only its
 * bytes wait, never longer than to the end of the turn.
 *
 * @param streams The connections there are now.
 */
export function gathering(streams: () => readonly (Corkable | undefined)[]): Gather {
  let corked: readonly (Corkable | undefined)[] | undefined;
  let waiting = 0;
  let unanswered = 0;
  let atOnce = 0;
  let isTurnWatched = false;
  const answered = (): void => {
    unanswered -= 1;
  };
  const release = (): void => {
    const held = corked ?? [];
    corked = undefined;
    waiting = 0;
    for (const stream of held) stream?.uncork();
  };
  const hold = (): void => {
    corked = streams();
    for (const stream of corked) stream?.cork();
    if (isTurnWatched) return;
    isTurnWatched = true;
    setImmediate(() => {
      isTurnWatched = false;
      release();
    });
  };
  return (send) => {
    unanswered += 1;
    waiting += 1;
    atOnce = unanswered > atOnce ? unanswered : atOnce - (atOnce - unanswered) / MEMORY;
    const isEnough = waiting * 2 >= atOnce;
    if (!isEnough && corked === undefined) hold();
    try {
      const reply = send();
      reply.then(answered, answered);
      return reply;
    } catch (error) {
      answered();
      throw error;
    } finally {
      if (isEnough) release();
    }
  };
}
