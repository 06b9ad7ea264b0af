/**
 * koa-session writes `_expire`, milliseconds by the clock of the instance that saved, into each record, and
 * judges by the clock of the instance that reads: a reader half an hour ahead logs everybody out. Here it is
 * derived from the record's deadline, which runs by the backend's clock alone.
 */
export interface KoaSessionData {
  readonly [name: string]: unknown;
}

/** How long a record outlives its `_expire`; koa-session gives a store ten seconds more. */
const SLACK = "_expire";

/** What is stored for koa-session's data: its `_expire` as the time that the record outlives it. */
export function withoutExpire(data: KoaSessionData, idleMs: number): KoaSessionData {
  const { _expire, _maxAge } = data;
  if (typeof _expire !== "number" || typeof _maxAge !== "number") return data;
  return { ...data, [SLACK]: idleMs - _maxAge };
}

/** The data as koa-session stored it, `_expire` by this process's clock. */
export function withExpire(data: KoaSessionData, remainingMs: number): KoaSessionData {
  if (typeof data[SLACK] !== "number" || typeof data._maxAge !== "number") return data;
  return { ...data, _expire: Date.now() + remainingMs - data[SLACK] };
}
