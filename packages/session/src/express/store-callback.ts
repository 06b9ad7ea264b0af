/** The callback of a Store method. */
export type StoreCallback<Value = void> = (error: unknown, value?: Value) => void;

/**
 * Hand a result to a callback, once, and outside of any promise: what the callback throws is thrown, and is
 * no reason to call it again. Without a callback the promise itself is the answer; with one it only says
 * when the work was over.
 */
export function settle<Value>(
  work: Promise<Value>,
  callback: StoreCallback<Value> | undefined,
): Promise<Value | undefined> {
  if (callback === undefined) return work;
  return work.then(
    (value) => {
      setImmediate(callback, null, value);
      return value;
    },
    (error: unknown) => {
      setImmediate(callback, error);
      return undefined;
    },
  );
}
