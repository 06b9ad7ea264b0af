import type { Affinity } from "./affinity.ts";
import type { AffinityState, Decision } from "./decide.ts";
import { AffinityError } from "./errors.ts";
import { beforeHead, type HeadEditor } from "./head-gate.ts";
import type { NodeRequest } from "./request.ts";
import type { HeadEdit, NodeResponse } from "./response-head.ts";
import { setCookie } from "./set-cookie.ts";

/** One request on its way to its response head. */
export interface Pass<Subject> {
  readonly subject: Subject;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  readonly decision: Decision;
  isReleased: boolean;
  isReleaseCounted: boolean;
  isAwaitingHead: boolean;
}

/** The middleware that a request came to. */
export interface CookieWriter<Subject> {
  readonly name: string;
  /** Whether `cookieFor` may answer a line. Cheap. */
  isPending(pass: Pass<Subject>): boolean;
  /** The Set-Cookie line that the head needs, or null; asked again when Node refuses a head and another one follows. */
  cookieFor(pass: Pass<Subject>): string | null;
}

/** One client at one request, from the decision to the response head. */
export class Visit<Subject> implements Affinity, HeadEditor {
  readonly name: string;
  readonly state: AffinityState;
  readonly #pass: Pass<Subject>;
  readonly #writer: CookieWriter<Subject>;

  constructor(pass: Pass<Subject>, writer: CookieWriter<Subject>) {
    this.name = writer.name;
    this.state = pass.decision.state;
    this.#pass = pass;
    this.#writer = writer;
  }

  /**
   * Has the writer asked when the head is written. Every client that may be bound waits for its head, even one that
   * needs nothing as yet: a drain may begin before.
   */
  awaitHead(): void {
    if (this.#pass.isAwaitingHead) return;
    this.#pass.isAwaitingHead = true;
    beforeHead(this.#pass.response, this);
  }

  /** Part of the head's contract, not of the application's. */
  get isPending(): boolean {
    return this.#writer.isPending(this.#pass);
  }

  /** The same. */
  prepare(): HeadEdit | null {
    const cookie = this.#writer.cookieFor(this.#pass);
    return cookie === null ? null : (head) => setCookie(head, this.name, cookie);
  }

  release(): void {
    if (this.#pass.response.headersSent) {
      throw new AffinityError(
        "ERR_UNSTICK_HEAD_WRITTEN",
        `release() of ${this.name} came after the response head was written, so no header can expire the cookie; call it before the first byte of the body`,
      );
    }
    this.#pass.isReleased = true;
    this.awaitHead();
  }
}
