import { EventEmitter, once } from "node:events";

/** Holds requests in their handlers until a test has done what it wants to do meanwhile. */
export interface Gate {
  /** For handlers: waits until the gate is open. */
  pass(): Promise<void>;
  /** Waits until so many have come to the gate. */
  arrivals(count: number): Promise<void>;
  open(): void;
}

export function makeGate(): Gate {
  const events = new EventEmitter();
  let arrived = 0;
  const { promise, resolve } = deferred();
  return {
    pass() {
      arrived++;
      events.emit("arrival");
      return promise;
    },
    async arrivals(count) {
      while (arrived < count) await once(events, "arrival");
    },
    open: resolve,
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
