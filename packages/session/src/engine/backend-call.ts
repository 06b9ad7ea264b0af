import type { Backend } from "../backend.ts";
import { BackendError, DeadlineError, UnstickError } from "../errors.ts";
import { emit, isListenedTo } from "./events.ts";

/**
 * One call of a backend: it ends as a value or as an {@link UnstickError}, within the deadline if there is
 * one, and is timed when somebody listens.
 */
export type BackendCall = <Value>(verb: string, call: () => Promise<Value>) => Promise<Value>;

export function backendCall(backend: Backend, deadlineMs: number | undefined): BackendCall {
  return <Value>(verb: string, call: () => Promise<Value>): Promise<Value> => {
    const within = deadlineMs === undefined ? call : () => withDeadline(backend.name, verb, call, deadlineMs);
    return isListenedTo("call") ? timed(backend.name, verb, within) : typed(backend.name, verb, within);
  };
}

/** No async function: each would cost every request some hundred nanoseconds. */
function typed<Value>(backend: string, verb: string, call: () => Promise<Value>): Promise<Value> {
  const fail = (error: unknown): never => {
    if (error instanceof UnstickError) throw error;
    throw new BackendError(backend, verb, error instanceof Error ? error.name : "unknown", { cause: error });
  };
  try {
    return Promise.resolve(call()).catch(fail);
  } catch (error) {
    return Promise.reject(error).catch(fail);
  }
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
