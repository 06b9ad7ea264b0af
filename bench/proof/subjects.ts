/** Who keeps the sessions of an instance. */
export type Subject = keyof typeof subjects;

const subjects = {
  "express-session": "express-session 1.19 with RedisStore of @unstick/redis/express, node-redis 6",
  "koa-session": "koa-session 7 with RedisStore of @unstick/redis/koa, ioredis 5",
  "session()": "session() of @unstick/session/express on redisBackend, ioredis 5",
  "connect-redis": "express-session 1.19 with connect-redis 9, node-redis 6",
  "koa-redis": "koa-session 7 with koa-redis 4, ioredis 5",
} as const;

export const ours: readonly Subject[] = ["express-session", "koa-session", "session()"];
export const peers: readonly Subject[] = ["connect-redis", "koa-redis"];

/** What one instance is started with. */
export interface InstanceOptions {
  readonly subject: Subject;
  readonly redisUrl: string;
  readonly prefix: string;
  /** Sessions have an owner: the attribute `user`. */
  readonly hasPrincipal?: boolean;
  /** How far this instance's clock is off. */
  readonly clockShiftMs?: number;
}

/** Signs every cookie, so that a proof can forge one. */
export const SECRET = "proof";

/** How long a session lives unused. */
export const LIFETIME_MS = 3_600_000;
