import type { Affinity } from "./affinity.ts";
import type { AffinityState, Decision } from "./decide.ts";
import { AffinityError } from "./errors.ts";
import { beforeHead, type HeadEditor } from "./head-gate.ts";
import type { NodeRequest } from "./request.ts";
import type { HeadEdit, NodeResponse } from "./response-head.ts";
import { setCookie } from "./set-cookie.ts";

/** What the line depends on that a head needs. */
export interface Pass<Subject> {
  readonly subject: Subject;
  readonly request: NodeRequest;
  readonly decision: Decision;
  /** The application ended the affinity. */
  readonly isReleased: boolean;
}

/** A Set-Cookie line. */
export interface CookieLine {
  readonly text: string;
  /** It expires the cookie. */
  readonly isRelease: boolean;
}

/** The middleware that a request came to. */
export interface CookieWriter<Subject> {
  readonly name: string;
  /** Whether `cookieFor` may answer a line where nothing was released. Cheap. */
  isPending(decision: Decision): boolean;
  /** The line that the head needs, or null; asked again when Node refuses a head and another one follows. */
  cookieFor(pass: Pass<Subject>): CookieLine | null;
  countRelease(): void;
}

/** One client at one request, from the decision to the response head. */
export class Visit<Subject> implements Affinity, HeadEditor {
  readonly name: string;
  readonly state: AffinityState;
  readonly #subject: Subject;
  readonly #request: NodeRequest;
  readonly #response: NodeResponse;
  readonly #decision: Decision;
  readonly #writer: CookieWriter<Subject>;
  #isReleased = false;
  #isReleaseCounted = false;
  #isAwaitingHead = false;

  constructor(
    subject: Subject,
    request: NodeRequest,
    response: NodeResponse,
    decision: Decision,
    writer: CookieWriter<Subject>,
  ) {
    this.name = writer.name;
    this.state = decision.state;
    this.#subject = subject;
    this.#request = request;
    this.#response = response;
    this.#decision = decision;
    this.#writer = writer;
  }

  /**
   * Has the writer asked when the head is written. Every client that may be bound waits for its head, even one that
   * needs nothing as yet: a drain may begin before.
   */
  awaitHead(): void {
    if (this.#isAwaitingHead) return;
    this.#isAwaitingHead = true;
    beforeHead(this.#response, this);
  }

  /** Part of the head's contract, not of the application's. */
  get isPending(): boolean {
    return this.#isReleased || this.#writer.isPending(this.#decision);
  }

  /** The same. */
  prepare(): HeadEdit | null {
    const line = this.#writer.cookieFor({
      subject: this.#subject,
      request: this.#request,
      decision: this.#decision,
      isReleased: this.#isReleased,
    });
    if (line === null) return null;
    if (line.isRelease && !this.#isReleaseCounted) this.#writer.countRelease();
    this.#isReleaseCounted ||= line.isRelease;
    return (head) => setCookie(head, this.name, line.text);
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
