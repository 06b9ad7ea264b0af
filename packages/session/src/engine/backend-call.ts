import type { Answer, Backend } from "../backend.ts";
import { BackendError, DeadlineError, UnstickError } from "../errors.ts";
import { asIs } from "./as-is.ts";
import { emit, isListenedTo } from "./events.ts";

/**
 * One call of a backend: it ends as a value or as an {@link UnstickError}, within the deadline if there is
 * one, and is timed when somebody listens. `take` and `recover` make of those what the caller gets, without the
 * promise that a `then` of its own would be. What the backend answers at once is answered at once, and what it
 * throws, thrown.
 */
export type BackendCall = <Value, Result = Value>(
  verb: string,
  call: () => Answer<Value>,
  take?: (value: Value) => Answer<Result>,
  recover?: (error: UnstickError) => Result,
) => Answer<Result>;

export function backendCall(backend: Backend, deadlineMs: number | undefined): BackendCall {
  const { name } = backend;
  const patient: BackendCall = <Value, Result>(
    verb: string,
    call: () => Answer<Value>,
    take: (value: Value) => Answer<Result> = asIs as (value: Value) => Result,
    recover: (error: UnstickError) => Result = rethrow,
  ) => {
    if (!isListenedTo("call")) return typed(name, verb, call, take, recover);
    const tell = stopwatch(name, verb);
    return typed(
      name,
      verb,
      call,
      (value) => tell("ok", () => take(value)),
      (error) => tell(error.code, () => recover(error)),
    );
  };
  if (deadlineMs === undefined) return patient;
  return (verb, call, take, recover) =>
    patient(verb, () => withDeadline(name, verb, call(), deadlineMs), take, recover);
}

/** No async function: each would cost every request some hundred nanoseconds. */
function typed<Value, Result>(
  backend: string,
  verb: string,
  call: () => Answer<Value>,
  take: (value: Value) => Answer<Result>,
  recover: (error: UnstickError) => Result,
): Answer<Result> {
  let answer: Answer<Value>;
  try {
    answer = call();
  } catch (error) {
    return recover(typedError(backend, verb, error));
  }
  if (!isLater(answer)) return take(answer);
  return Promise.resolve(answer).then(take, (error: unknown) => recover(typedError(backend, verb, error)));
}

export function isLater<Value>(answer: Answer<Value>): answer is Promise<Value> {
  return typeof (answer as { then?: unknown } | null | undefined)?.then === "function";
}

function rethrow(error: UnstickError): never {
  throw error;
}

function typedError(backend: string, verb: string, error: unknown): UnstickError {
  if (error instanceof UnstickError) return error;
  return new BackendError(backend, verb, error instanceof Error ? error.name : "unknown", { cause: error });
}

/** Tells how long a call took and what came of it, once that is taken: whoever listens may go on to use the session. */
function stopwatch(backend: string, verb: string): <Taken>(outcome: string, take: () => Taken) => Taken {
  const begin = performance.now();
  return (outcome, take) => {
    const durationMs = performance.now() - begin;
    try {
      return take();
    } finally {
      emit("call", () => ({ backend, verb, durationMs, outcome }));
    }
  };
}

function withDeadline<Value>(
  backend: string,
  verb: string,
  answer: Answer<Value>,
  deadlineMs: number,
): Answer<Value> {
  return isLater(answer) ? withinTime(backend, verb, answer, deadlineMs) : answer;
}

async function withinTime<Value>(
  backend: string,
  verb: string,
  answer: Promise<Value>,
  deadlineMs: number,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(backend, verb, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
