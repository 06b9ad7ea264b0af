import type { Affinity } from "./affinity.ts";
import type { AffinityState } from "./decide.ts";
import { AffinityError } from "./errors.ts";
import { beforeHead, type Head, type NodeResponse } from "./response-head.ts";

/** Writes what the head needs; called again when Node refuses a head and another one follows. */
export type HeadWriter = (head: Head, isReleased: boolean) => void;

/** One client at one request, from the decision to the response head. */
export class Visit implements Affinity {
  readonly name: string;
  readonly state: AffinityState;
  readonly #response: NodeResponse;
  readonly #write: HeadWriter;
  #isReleased = false;
  #isAwaitingHead = false;

  constructor(name: string, state: AffinityState, response: NodeResponse, write: HeadWriter) {
    this.name = name;
    this.state = state;
    this.#response = response;
    this.#write = write;
  }

  /** Has the writer called when the head is written. */
  awaitHead(): void {
    if (this.#isAwaitingHead) return;
    this.#isAwaitingHead = true;
    beforeHead(this.#response, (head) => this.#write(head, this.#isReleased));
  }

  release(): void {
    if (this.#response.headersSent) {
      throw new AffinityError(
        "ERR_UNSTICK_HEAD_WRITTEN",
        `release() of ${this.name} came after the response head was written, so no header can expire the cookie; call it before the first byte of the body`,
      );
    }
    this.#isReleased = true;
    this.awaitHead();
  }
}
