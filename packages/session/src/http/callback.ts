/** As express-session calls it: with an error, or with nothing. */
export type SessionCallback = (error?: unknown) => void;

/**
 * Hand the end of some work to a callback, once and outside of the promise, so that what the callback throws
 * is thrown; the session is then answered, for chains. Without a callback the promise is the answer. It may be
 * left alone: a failure that nobody awaits is told at the end of the request, where everything is stored.
 */
export function settleSession<This>(
  session: This,
  work: Promise<void>,
  callback: SessionCallback | undefined,
): This | Promise<void> {
  if (callback === undefined) {
    work.catch(() => undefined);
    return work;
  }
  work.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error),
  );
  return session;
}
