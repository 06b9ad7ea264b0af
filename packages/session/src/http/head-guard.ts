import type { ServerResponse } from "node:http";
import { type Changer, type Guard, setGuard } from "./guarded-head.ts";
import {
  applyWriteHead,
  ownStatusMessage,
  restoreStatusMessage,
  type WriteHeadArguments,
} from "./held-head.ts";

/** What the guard asks of the response that is held. */
export interface HeldState {
  /** The application has ended the response. */
  readonly ended: boolean;
  /** Drop what is held: an error handler answers in its place. */
  replace(): void;
}

/**
 * Watches the head of a response that the application has begun but that has not left.
 *
 * `headersSent` is false, truly. Who changes the head without asking gets the error that Node would give
 * ("Cannot set headers after they are sent to the client"), so that a second `res.json()` is found in
 * development. Who asks first and is told `false` is an error handler. When it sets an error status on a
 * response that has only begun, its answer replaces the held one; on a response that has ended it comes too
 * late, and what it does is dropped. (Under plain Node the finished response would have left by then;
 * throwing at Express's last handler would end the process, since nobody catches there.)
 */
export class HeadGuard implements Guard {
  readonly #response: ServerResponse;
  readonly #held: HeldState;
  readonly #statusCode: number;
  readonly #statusMessage: string | undefined;
  #asked = false;
  #isWatching = true;
  /** The head has left. */
  #isBehind = false;

  constructor(response: ServerResponse, held: HeldState) {
    this.#response = response;
    this.#held = held;
    this.#statusCode = response.statusCode;
    this.#statusMessage = ownStatusMessage(response);
    setGuard(response, this);
  }

  get isWatching(): boolean {
    return this.#isWatching;
  }

  get headersSent(): boolean {
    if (this.#isBehind) this.#stepAside();
    else this.#asked = true;
    return this.#isBehind;
  }

  /** True as after any `end()`. */
  get writableEnded(): true | undefined {
    return this.#held.ended && !this.#isBehind ? true : undefined;
  }

  change(name: Changer, args: readonly unknown[]): unknown {
    return this.#isBehind ? this.#cut(name) : this.#change(name, args);
  }

  /** Give the head back as it was when the guard came. */
  lift(): void {
    this.#stepAside();
    this.#response.statusCode = this.#statusCode;
    restoreStatusMessage(this.#response, this.#statusMessage);
  }

  /**
   * The head has left, and somebody was told before that it had not: Express's last handler asks, waits for
   * the request to end, and answers only then. It must not throw where nobody catches; the connection is cut,
   * which is what that handler does itself when it is told in time.
   */
  stayBehind(): void {
    if (!this.#asked || this.#held.ended) return;
    this.#isBehind = true;
    this.#isWatching = true;
    setGuard(this.#response, this);
  }

  #stepAside(): void {
    this.#isWatching = false;
    setGuard(this.#response, undefined);
  }

  #change(name: Changer, args: readonly unknown[]): unknown {
    if (this.#isErrorAnswer()) {
      this.#stepAside();
      this.#held.replace();
      if (name === "writeHead") applyWriteHead(this.#response, args as unknown as WriteHeadArguments);
      else Reflect.apply(this.#response[name] as (...all: unknown[]) => unknown, this.#response, args);
      return this.#response;
    }
    if (!this.#asked) throw headersSentError(name);
    return this.#response;
  }

  #cut(name: Changer): unknown {
    if (!this.#isErrorAnswer()) throw headersSentError(name);
    return this.#response.destroy();
  }

  #isErrorAnswer(): boolean {
    const { statusCode } = this.#response;
    return this.#asked && !this.#held.ended && statusCode >= 400 && statusCode !== this.#statusCode;
  }
}

const verbs: Record<Changer, string> = {
  setHeader: "set",
  appendHeader: "append",
  removeHeader: "remove",
  writeHead: "write",
};

function headersSentError(name: Changer): Error {
  return Object.assign(new Error(`Cannot ${verbs[name]} headers after they are sent to the client`), {
    code: "ERR_HTTP_HEADERS_SENT",
  });
}
