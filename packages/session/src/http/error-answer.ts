import type { ServerResponse } from "node:http";

/** How long an error handler may take before the client is answered without it, if a writer has ended. */
const LONGEST_MS = 1_000;

/**
 * After a response was dropped: tells the error handler's answer from what the writer of the dropped one still
 * does. Both call the same methods, and Express's last handler answers only when the request has ended, so a
 * writer that had only begun may well come first: its `end()` would be a success of something that was not
 * stored. Who speaks while the error is handed over is the handler; later, who has set an error status.
 */
export class ErrorAnswer {
  readonly #response: ServerResponse;
  readonly #statusBefore: number;
  readonly #isWriterLeft: boolean;
  #isHandedOver = true;

  constructor(response: ServerResponse, statusBefore: number, isWriterLeft: boolean) {
    this.#response = response;
    this.#statusBefore = statusBefore;
    this.#isWriterLeft = isWriterLeft;
  }

  handOver(handle: () => void): void {
    this.#isHandedOver = false;
    try {
      handle();
    } finally {
      this.#isHandedOver = true;
    }
  }

  /** Whether a call of now is an error handler's. */
  isHandlers(): boolean {
    if (!this.#isWriterLeft || !this.#isHandedOver) return true;
    const { statusCode } = this.#response;
    return statusCode >= 400 && statusCode !== this.#statusBefore;
  }

  /** The writer has ended: should no handler speak, the client is told that nothing was done. */
  answerFor(end: () => void): void {
    setTimeout(() => {
      if (this.#response.headersSent || this.#response.destroyed) return;
      this.#response.statusCode = 503;
      end();
    }, LONGEST_MS);
  }
}
