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

const channels: Readonly<Record<AffinityEvent, Channel>> = {
  new: channel("unstick.affinity.new"),
  kept: channel("unstick.affinity.kept"),
  moved: channel("unstick.affinity.moved"),
  released: channel("unstick.affinity.released"),
  forged: channel("unstick.affinity.forged"),
};

/** Counts for one middleware and tells whoever subscribed. */
export class Counters {
  readonly #message: AffinityMessage;
  readonly #counts: Record<AffinityEvent, number> = { new: 0, kept: 0, moved: 0, released: 0, forged: 0 };

  constructor(name: string) {
    this.#message = Object.freeze({ name });
  }

  count(event: AffinityEvent): void {
    this.#counts[event]++;
    if (channels[event].hasSubscribers) channels[event].publish(this.#message);
  }

  read(): AffinityCounters {
    return { ...this.#counts };
  }
}
