/** Who keeps the sessions of an instance. */
export type Subject = keyof typeof subjects;

const subjects = {
  "express-session": "express-session 1.19 with RedisStore of @unstick/redis/express, node-redis 6",
  "koa-session": "koa-session 7 with RedisStore of @unstick/redis/koa, ioredis 5",
  "session()": "session() of @unstick/session/express on redisBackend, ioredis 5",
  "session() with grace": "the same, with the grace that it has unless told otherwise",
  "koa session()": "session() of @unstick/session/koa on redisBackend, ioredis 5",
  "connect-redis": "express-session 1.19 with connect-redis 9, node-redis 6",
  "koa-redis": "koa-session 7 with koa-redis 4, ioredis 5",
} as const;

/** Our two middlewares. */
export const middlewares: readonly Subject[] = ["session()", "koa session()"];
export const ours: readonly Subject[] = ["express-session", "koa-session", ...middlewares];
export const peers: readonly Subject[] = ["connect-redis", "koa-redis"];

export function isKoa(subject: Subject): boolean {
  return subject.startsWith("koa");
}

/** What one instance is started with. */
export interface InstanceOptions {
  readonly subject: Subject;
  readonly redisUrl: string;
  readonly prefix: string;
  /** Sessions have an owner: the attribute `user`. */
  readonly hasPrincipal?: boolean;
  /** How far this instance's clock is off. */
  readonly clockShiftMs?: number;
  /** Every answer carries the cookie of its session. */
  readonly rolling?: boolean;
  /** Our middlewares: how long an old id reads the session as it was. Default: 0, for figures about old ids. */
  readonly graceMs?: number;
  /** Its Redis will fail: calls end after {@link OUTAGE_DEADLINE_MS}, and a lost connection is no news. */
  readonly hasOutages?: boolean;
}

/** Signs every cookie, so that a proof can forge one. */
export const SECRET = "proof";

/** How long a session lives unused. */
export const LIFETIME_MS = 3_600_000;

/** How long a call waits for a Redis that fails; for one that does not, as long as a busy machine may take. */
export const OUTAGE_DEADLINE_MS = 300;
export const DEADLINE_MS = 20_000;
