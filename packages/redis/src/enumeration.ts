import type { SessionEnumeration, SessionKey } from "@unstick/session";
import type { Caller } from "./caller.ts";
import { scanKeys } from "./scan.ts";
import { endSession, isLive } from "./session-verbs.ts";

/** Commands in flight at once: each key may live in another slot, so each has a command of its own. */
const AT_ONCE = 128;

const SESSION_KEY = /^[A-Za-z0-9_-]{43}$/;

export function sessionEnumeration(caller: Caller, prefix: string): SessionEnumeration {
  return {
    async *sessionKeys() {
      for await (const keys of sessionKeys(caller, prefix)) {
        const live = await Promise.all(keys.map((key) => isLive(caller, prefix + key)));
        yield* keys.filter((_, at) => live[at]);
      }
    },
    async destroyAll(tombstoneMs) {
      let ended = 0;
      for await (const keys of sessionKeys(caller, prefix)) {
        const ends = await Promise.all(keys.map((key) => endSession(caller, prefix + key, tombstoneMs)));
        ended += ends.filter(Boolean).length;
      }
      return ended;
    },
  };
}

/** Keys that have the form of ours; whatever else begins with the prefix belongs to someone else. */
async function* sessionKeys(caller: Caller, prefix: string): AsyncGenerator<readonly SessionKey[]> {
  for await (const keys of scanKeys(caller, prefix)) {
    const ours = keys.map((key) => key.slice(prefix.length)).filter((key) => SESSION_KEY.test(key));
    for (let at = 0; at < ours.length; at += AT_ONCE) yield ours.slice(at, at + AT_ONCE);
  }
}
