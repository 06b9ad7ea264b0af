/** Send one command; resolves with the client's reply, whatever shape its protocol and settings give it. */
export type Send = (command: readonly string[]) => Promise<unknown>;

/** What this package needs of a client, whichever family it is of. */
export interface Link {
  readonly family: "ioredis" | "node-redis" | "valkey-glide";
  /** Keys live in slots: a script's keys must share one. */
  readonly isCluster: boolean;
  /**
   * All commands go to one server. A client of several may send what it knows to be a read, by the command's name, to a replica,
   * which may not have yet what the same browser has just written.
   */
  readonly isOneServer: boolean;
  /**
   * What the client itself puts before every key of a command (`keyPrefix` of ioredis). It does not put it
   * before the pattern of `SCAN`, nor take it off the keys that come back.
   */
  readonly keyPrefix: string;
  /** Send a command to where `key` lives. */
  send(key: string, command: readonly string[]): Promise<unknown>;
  /** A sender for each master. */
  masters(): Promise<readonly Send[]>;
  /**
   * Give up the connection and make a new one, unless the client is at it already. Answers whether it did.
   * Absent where the client sees to that itself, or has one connection for each of several nodes.
   */
  reconnect?(): boolean;
}

/**
 * The client that the application has: ioredis or iovalkey (`call`), node-redis (`sendCommand`) or
 * valkey-glide (`customCommand`). It is known by what it can do, so any object that can do as much will do.
 */
export type RedisClient =
  | { call(...args: never[]): unknown }
  | { sendCommand(...args: never[]): unknown }
  | { customCommand(...args: never[]): unknown };

export function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === "function";
}
