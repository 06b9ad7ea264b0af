/** What a session middleware does at the moments that matter. */
export interface HoldHooks {
  /**
   * The first byte is about to leave. Answer a promise to hold the response until it settles; answer
   * `undefined` to let it go at once. A failure drops the response.
   */
  commit(): Promise<void> | undefined;
  /** The commit is done: the last moment to add fields to the head. A failure drops the response. */
  writeHead(): void;
  /** The response ends, and its first byte left earlier. A failure cuts the connection. */
  commitLate(): Promise<void> | undefined;
  /** The response was dropped; it is again as it was at `holdResponse`. Answer the error. */
  fail(error: unknown): void;
}

export interface HeldResponse {
  /** The commit failed before a byte was written: the next to answer answers the error, and nobody after it. */
  abandon(): void;
}
