import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { ErrorAnswer } from "./error-answer.ts";
import { type Gatekeeper, keepGates, openHead, type Passage, type Passages, unwrapGates } from "./gates.ts";
import type { Guard } from "./guarded-head.ts";
import { HeadGuard } from "./head-guard.ts";
import { rejectCall, requireChunk, type Verb } from "./held-call.ts";
import { applyWriteHead, isStatusCode, restoreHead, type WriteHeadArguments } from "./held-head.ts";
import type { HeldResponse, HoldHooks } from "./hold-hooks.ts";

/**
 * Whether a response can be held. What middleware is given for an upgrade is none (Engine.IO, koa-websocket): of it
 * nothing leaves, and the session of the connection is stored when the application says so.
 */
export function isHoldable(response: Partial<ServerResponse> | undefined): boolean {
  return typeof response?.getHeaders === "function" && typeof response.getHeaderNames === "function";
}

/**
 * Hold the head and body of a response until the session is committed, whatever way it is written. Works on
 * the public methods alone, so that HTTP/1.1, HTTP/2 compat and what other middleware wraps around them
 * (compression) are the same to it. Informational responses (1xx) pass: they carry no session.
 */
export function holdResponse(response: ServerResponse, hooks: HoldHooks): HeldResponse {
  const hold = new Hold(response, hooks);
  hold.install();
  return hold;
}

/**
 * - `open`: the application has sent nothing.
 * - `held`: it has; what it sent waits for the commit.
 * - `passing`: the head left; bytes flow as they come.
 * - `ending`: the end waits for the late commit.
 * - `failed`: the commit failed; somebody answers the error, and nothing is committed any more.
 * - `closed`: that answer ended. Writers of the dropped response may still be at it; they are not heard.
 */
type Phase = "open" | "held" | "passing" | "ending" | "failed" | "closed";

/** Of most responses, which have none yet: `getHeaders()` makes a dictionary for that, too. */
const NO_FIELDS: OutgoingHttpHeaders = Object.freeze({});

class Hold implements Gatekeeper, HeldResponse {
  guard: Guard | undefined;
  readonly #hooks: HoldHooks;
  #phase: Phase = "open";
  #ended = false;
  #calls: [verb: Verb, args: unknown[]][] = [];
  #guard: HeadGuard | undefined;
  #error: ErrorAnswer | undefined;
  readonly #response: ServerResponse;
  readonly #before: OutgoingHttpHeaders;
  readonly #statusBefore: number;
  #original: Passages;

  constructor(response: ServerResponse, hooks: HoldHooks) {
    this.#response = response;
    this.#hooks = hooks;
    this.#before = response.getHeaderNames().length === 0 ? NO_FIELDS : response.getHeaders();
    this.#statusBefore = response.statusCode;
    this.#original = response;
  }

  install(): void {
    this.#original = keepGates(this.#response, this);
  }

  pass(name: Passage, args: unknown[]): unknown {
    if (name === "end") return this.#end(args);
    if (name === "writeHead") return this.#writeHead(args as unknown as WriteHeadArguments);
    return this.#receive(name, args);
  }

  abandon(): void {
    if (this.#phase !== "open") return;
    this.#phase = "failed";
    this.#error = new ErrorAnswer(this.#response, this.#statusBefore, false);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** An error handler answers while the commit is still under way: what was held is not wanted any more. */
  replace(): void {
    this.#guard = undefined;
    this.#drop();
  }

  /** The head is closed by Node itself when the first byte passes; until then it stays open. */
  #writeHead(args: WriteHeadArguments): unknown {
    if (this.#guard?.isWatching) return this.#guard.change("writeHead", args);
    if (this.#phase === "passing" || this.#phase === "failed") return this.#call("writeHead", args);
    if (this.#phase === "open" || this.#phase === "held") applyWriteHead(this.#response, args);
    return this.#response;
  }

  #end(args: unknown[]): unknown {
    if (this.#phase === "passing" && !this.#ended) return this.#endPassing(args);
    if (this.#phase === "failed") return this.#endFailed(args);
    if (!this.#ended) {
      this.#ended = true;
      return this.#receive("end", args);
    }
    // A second end() sends nothing; only its callback is told, by Node, once the first is through.
    return this.#receive("end", args.filter((arg) => typeof arg === "function").slice(-1));
  }

  /** HTTP/2 compat writes the last chunk through `write()`, so the phase changes after the call. */
  #endFailed(args: unknown[]): unknown {
    if (!this.#isHeard()) {
      rejectCall(args);
      this.#error?.answerFor(() => {
        this.#call("end", []);
        this.#phase = "closed";
      });
      return this.#response;
    }
    const result = this.#call("end", args);
    this.#phase = "closed";
    return result;
  }

  /** Whether what is said now goes to the client. */
  #isHeard(): boolean {
    return this.#phase === "passing" || (this.#phase === "failed" && this.#error?.isHandlers() !== false);
  }

  #receive(verb: Verb, args: unknown[]): unknown {
    requireChunk(verb, args[0]);
    if (this.#phase === "open") this.#begin();
    if (this.#isHeard()) return this.#call(verb, args);
    if (this.#phase === "closed" || this.#phase === "failed") {
      rejectCall(args);
      return verb === "write" ? false : this.#response;
    }
    this.#calls.push([verb, args]);
    if (this.#phase === "held") this.#watchHead();
    // False asks the writer to wait for "drain", which comes when the response is let go.
    return verb === "write" ? false : this.#response;
  }

  #begin(): void {
    // An invalid status is the application's error: let Node throw it into the application's face.
    if (!isStatusCode(this.#response.statusCode)) {
      this.#phase = "passing";
      return;
    }
    this.#phase = "held";
    let committing: Promise<void> | undefined;
    try {
      committing = this.#hooks.commit();
      if (committing === undefined) {
        this.#pass();
        openHead(this.#response, this.#original);
      }
    } catch (error) {
      committing = Promise.reject(error);
    }
    committing?.then(
      () => this.#letGo(),
      (error: unknown) => this.#fail(error),
    );
  }

  #pass(): void {
    this.#hooks.writeHead();
    this.#phase = "passing";
  }

  #watchHead(): void {
    this.#guard ??= new HeadGuard(this.#response, this);
  }

  #letGo(): void {
    this.#guard?.lift();
    try {
      this.#pass();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#replay();
    this.#guard?.stayBehind();
  }

  #replay(): void {
    let isWriterWaiting = false;
    try {
      for (const [verb, args] of this.#calls.splice(0)) {
        if (verb === "write") isWriterWaiting = true;
        this.#call(verb, args);
      }
    } catch (error) {
      // Nobody is left to catch what Node throws at the head of this response (`ERR_INVALID_CHAR`).
      this.#response.destroy(error as Error);
      return;
    }
    if (isWriterWaiting && !this.#response.writableNeedDrain && !this.#ended) this.#response.emit("drain");
  }

  #endPassing(args: unknown[]): unknown {
    this.#ended = true;
    let committing: Promise<void> | undefined;
    try {
      committing = this.#hooks.commitLate();
      if (committing === undefined) return this.#call("end", args);
    } catch (error) {
      committing = Promise.reject(error);
    }
    this.#phase = "ending";
    this.#calls.push(["end", args]);
    committing.then(
      () => {
        this.#phase = "passing";
        this.#replay();
      },
      (error: unknown) => {
        this.#phase = "closed";
        // Half an answer must not look whole: without its end the client sees that it was cut.
        this.#response.destroy(error instanceof Error ? error : undefined);
      },
    );
    return this.#response;
  }

  #fail(error: unknown): void {
    this.#guard?.lift();
    this.#drop();
    restoreHead(this.#response, this.#statusBefore, this.#before);
    unwrapGates(this.#response, this);
    this.#phase = "failed";
    this.#error = new ErrorAnswer(this.#response, this.#statusBefore, !this.#ended);
    this.#ended = false;
    this.#error.handOver(() => this.#hooks.fail(error));
  }

  #drop(): void {
    // Every writer of the dropped response was told to wait for "drain". It must not hear that of the next one.
    this.#response.removeAllListeners("drain");
    for (const [, args] of this.#calls.splice(0)) rejectCall(args);
  }

  #call(method: Passage, args: readonly unknown[]): unknown {
    return Reflect.apply(this.#original[method], this.#response, args);
  }
}
