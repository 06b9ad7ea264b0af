/** The methods of a response whose calls are held. */
export type Verb = "write" | "end" | "flushHeaders";

type Callback = (error?: Error | null) => void;

/** What Node would throw at once must not wait for the commit: nobody could catch it then. */
export function requireChunk(verb: Verb, chunk: unknown): void {
  if (typeof chunk === "string" || chunk instanceof Uint8Array || verb === "flushHeaders") return;
  if (verb === "end" && (!chunk || typeof chunk === "function")) return;
  throw Object.assign(
    new TypeError(`The "chunk" argument must be a string, a Buffer or a Uint8Array, not ${typeof chunk}`),
    { code: chunk === null ? "ERR_STREAM_NULL_VALUES" : "ERR_INVALID_ARG_TYPE" },
  );
}

/** Tell the callback of a call that its response was dropped. */
export function rejectCall(args: readonly unknown[]): void {
  const callback = args.findLast((arg) => typeof arg === "function") as Callback | undefined;
  if (callback === undefined) return;
  const error = Object.assign(new Error("the response was dropped: its session could not be stored"), {
    code: "ERR_UNSTICK_RESPONSE_DROPPED",
  });
  process.nextTick(callback, error);
}
