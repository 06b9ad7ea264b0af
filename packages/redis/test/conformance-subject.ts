import { randomUUID } from "node:crypto";
import type { BackendLimits, BackendSubject, StateSubject } from "@unstick/session/testing";
import { type RedisClient, redisBackend, redisState } from "../src/index.ts";

/** A server's clock cannot be advanced, and the cases run side by side on a machine that may be busy. */
export const limits: BackendLimits = { shortMs: 1_500 };

/** Sends one command to where `key` lives, past the backend. */
export type Poke = (key: string, ...command: string[]) => Promise<unknown>;

/** A backend of its own on a shared server: a prefix that no other test uses. */
export function backendSubject(client: RedisClient, sibling: RedisClient, poke: Poke): BackendSubject {
  const options = { prefix: `${randomUUID()}:`, deadlineMs: 10_000 };
  return {
    backend: redisBackend(client, options),
    sibling: redisBackend(sibling, options),
    damage: async (key, kind) => {
      const stored = options.prefix + key;
      if (kind === "damaged") await poke(stored, "HDEL", stored, "");
      // Version 2 and what it adds up with to 190, then whatever that version may say.
      else await poke(stored, "HSET", stored, "", "B|?");
    },
  };
}

export function stateSubject(client: RedisClient, sibling: RedisClient): StateSubject {
  const options = { prefix: `${randomUUID()}:`, deadlineMs: 10_000 };
  return { state: redisState(client, options), sibling: redisState(sibling, options) };
}
