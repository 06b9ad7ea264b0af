import type { Affinity } from "./affinity.ts";
import type { AffinityState } from "./decide.ts";
import { AffinityError } from "./errors.ts";
import { beforeHead, type HeadEdit, type HeadEditor, type NodeResponse } from "./response-head.ts";
import { setCookie } from "./set-cookie.ts";

/** The Set-Cookie line that the head needs, or null; asked again when Node refuses a head and another one follows. */
export type CookieWriter = (isReleased: boolean) => string | null;

/** One client at one request, from the decision to the response head. */
export class Visit implements Affinity, HeadEditor {
  readonly name: string;
  readonly state: AffinityState;
  readonly #response: NodeResponse;
  readonly #write: CookieWriter;
  #isReleased = false;
  #isAwaitingHead = false;

  constructor(name: string, state: AffinityState, response: NodeResponse, write: CookieWriter) {
    this.name = name;
    this.state = state;
    this.#response = response;
    this.#write = write;
  }

  /**
   * Has the writer asked when the head is written. Every client that may be bound waits for its head, even one that
   * needs nothing as yet: a drain may begin before. That costs some 0.05 microseconds.
   */
  awaitHead(): void {
    if (this.#isAwaitingHead) return;
    this.#isAwaitingHead = true;
    beforeHead(this.#response, this);
  }

  /** Part of the response head's contract, not of the application's. */
  prepare(): HeadEdit | null {
    const cookie = this.#write(this.#isReleased);
    return cookie === null ? null : (head) => setCookie(head, this.name, cookie);
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
