/** What a `net.Socket` has of `stream.Writable`. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * More in one write would leave the server idle while this process goes on, and then this process while the server
 * catches up; fewer is a system call each, here and there.
 */
const TOGETHER = 4;

/**
 * For a client that writes each command by itself: commands of one turn of the event loop leave together. Call
 * what this answers before each command. The command itself is sent at once, in its own asynchronous context, and
 * in its order among those of the application; only its bytes wait, never longer than to the end of the turn.
 *
 * @param streams The connections there are now.
 */
export function gathering(streams: () => readonly (Corkable | undefined)[]): () => void {
  let corked: readonly (Corkable | undefined)[] = [];
  let waiting = 0;
  const release = (): void => {
    waiting = 0;
    for (const stream of corked) stream?.uncork();
    corked = [];
  };
  return () => {
    if (waiting === TOGETHER) {
      waiting = 1;
      for (const stream of corked) {
        stream?.uncork();
        stream?.cork();
      }
      return;
    }
    waiting += 1;
    if (waiting > 1) return;
    corked = streams();
    for (const stream of corked) stream?.cork();
    setImmediate(release);
  };
}
