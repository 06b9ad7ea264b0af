import { type Channel, channel } from "node:diagnostics_channel";

/** Requests that may bind, by what their client was; and cookies that were expired. */
export interface AffinityCounters {
  readonly new: number;
  readonly kept: number;
  readonly moved: number;
  /** Counted when the expiring cookie is written. */
  readonly released: number;
  /** Showed a cookie of the name that none of the secrets signed; counted as new, too. */
  readonly forged: number;
}

export type AffinityEvent = keyof AffinityCounters;

/** The message on `unstick.affinity.<event>`: the cookie's name, never its value, never an instance. */
export interface AffinityMessage {
  readonly name: string;
}

class Count {
  value = 0;
  readonly #channel: Channel;

  constructor(event: AffinityEvent) {
    this.#channel = channel(`unstick.affinity.${event}`);
  }

  add(message: AffinityMessage): void {
    this.value += 1;
    if (this.#channel.hasSubscribers) this.#channel.publish(message);
  }
}

/** Counts for one middleware and tells whoever subscribed. */
export class Counters {
  readonly #message: AffinityMessage;
  readonly #new = new Count("new");
  readonly #kept = new Count("kept");
  readonly #moved = new Count("moved");
  readonly #released = new Count("released");
  readonly #forged = new Count("forged");

  constructor(name: string) {
    this.#message = Object.freeze({ name });
  }

  count(event: AffinityEvent): void {
    this.#of(event).add(this.#message);
  }

  read(): AffinityCounters {
    return {
      new: this.#new.value,
      kept: this.#kept.value,
      moved: this.#moved.value,
      released: this.#released.value,
      forged: this.#forged.value,
    };
  }

  /** No look-up by name: each request would pay for one. */
  #of(event: AffinityEvent): Count {
    switch (event) {
      case "kept":
        return this.#kept;
      case "new":
        return this.#new;
      case "moved":
        return this.#moved;
      case "released":
        return this.#released;
      case "forged":
        return this.#forged;
    }
  }
}
