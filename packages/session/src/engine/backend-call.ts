import type { Backend } from "../backend.ts";
import { BackendError, DeadlineError, UnstickError } from "../errors.ts";
import { emit, isListenedTo } from "./events.ts";

/**
 * One call of a backend: it ends as a value or as an {@link UnstickError}, within the deadline if there is
 * one, and is timed when somebody listens. `take` and `recover` make of those what the caller gets, without the
 * promise that a `then` of its own would be.
 */
export type BackendCall = <Value, Result = Value>(
  verb: string,
  call: () => Promise<Value>,
  take?: (value: Value) => Result | PromiseLike<Result>,
  recover?: (error: UnstickError) => Result,
) => Promise<Result>;

export function backendCall(backend: Backend, deadlineMs: number | undefined): BackendCall {
  const { name } = backend;
  const patient: BackendCall = (verb, call, take, recover) =>
    isListenedTo("call")
      ? timed(name, verb, call).then(take, recover)
      : typed(name, verb, call, take, recover);
  if (deadlineMs === undefined) return patient;
  return (verb, call, take, recover) =>
    patient(verb, () => withDeadline(name, verb, call, deadlineMs), take, recover);
}

/** No async function: each would cost every request some hundred nanoseconds. */
function typed<Value, Result = Value>(
  backend: string,
  verb: string,
  call: () => Promise<Value>,
  take?: (value: Value) => Result | PromiseLike<Result>,
  recover?: (error: UnstickError) => Result,
): Promise<Result> {
  const fail = (error: unknown): Result => {
    const told = typedError(backend, verb, error);
    if (recover === undefined) throw told;
    return recover(told);
  };
  try {
    return Promise.resolve(call()).then(take, fail) as Promise<Result>;
  } catch (error) {
    return Promise.reject(error).catch(fail);
  }
}

function typedError(backend: string, verb: string, error: unknown): UnstickError {
  if (error instanceof UnstickError) return error;
  return new BackendError(backend, verb, error instanceof Error ? error.name : "unknown", { cause: error });
}

async function timed<Value>(backend: string, verb: string, call: () => Promise<Value>): Promise<Value> {
  const begin = performance.now();
  let outcome = "ok";
  try {
    return await typed(backend, verb, call);
  } catch (error) {
    outcome = (error as UnstickError).code;
    throw error;
  } finally {
    emit("call", () => ({ backend, verb, durationMs: performance.now() - begin, outcome }));
  }
}

async function withDeadline<Value>(
  backend: string,
  verb: string,
  call: () => Promise<Value>,
  deadlineMs: number,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(backend, verb, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([call(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
