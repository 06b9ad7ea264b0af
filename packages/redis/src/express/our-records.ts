import type { SessionKey, StoredSession } from "@unstick/session";
import type { Caller } from "../caller.ts";
import { FREEZE, GIVE, IS_FROZEN, THAW } from "../lua/give-back-scripts.ts";
import { REPLY } from "../lua/record.ts";
import type { Script } from "../lua/script.ts";
import { READ } from "../lua/session-scripts.ts";
import { replyNumber } from "../reply.ts";
import { decodeReply, decodeSession } from "../session-verbs.ts";

/**
 * What is under our key of a session. `"live"`: a session of ours (or one that was renamed a moment ago). `"frozen"`:
 * one that is being given back, which reads on and refuses writes. `"given"`: it was given back a moment ago.
 * `"none"`: nothing, a tombstone included.
 */
export type OurState = "live" | "frozen" | "given" | "none";

export interface OurRecord {
  readonly session: StoredSession | null;
  readonly state: OurState;
}

/**
 * So long a record says that it was given back: for who read theirs before it was there and ours after it was given,
 * which is one round trip later.
 */
const GIVEN_MS = 60_000;

/** Our records, in the steps that giving them back to connect-redis needs. */
export class OurRecords {
  readonly #caller: Caller;
  readonly #prefix: string;

  constructor(caller: Caller, prefix: string) {
    this.#caller = caller;
    this.#prefix = prefix;
  }

  read(key: SessionKey): Promise<OurRecord> {
    return this.#read(READ, key);
  }

  /** Freeze it if it is live, and read it. One that is live afterwards could not be frozen: the server takes no writes. */
  freeze(key: SessionKey): Promise<OurRecord> {
    return this.#read(FREEZE, key);
  }

  isFrozen(key: SessionKey): Promise<boolean> {
    return this.#turn("read", IS_FROZEN, key);
  }

  /** Make it live again. Answers whether it was frozen. */
  thaw(key: SessionKey): Promise<boolean> {
    return this.#turn("update", THAW, key);
  }

  /** Put "given back" in the place of a frozen one. */
  async give(key: SessionKey): Promise<void> {
    await this.#turn("destroy", GIVE, key, String(GIVEN_MS));
  }

  #read(script: Script, key: SessionKey): Promise<OurRecord> {
    return this.#caller.script("read", script, [this.#prefix + key], [], (raw) => {
      const reply = decodeReply(this.#caller, raw);
      const session = decodeSession(reply);
      if (session !== null) return { session, state: reply.length > 5 ? "frozen" : "live" };
      return { session, state: reply[0] === REPLY.gone && reply.length > 1 ? "given" : "none" };
    });
  }

  #turn(verb: string, script: Script, key: SessionKey, ...args: readonly string[]): Promise<boolean> {
    const keys = [this.#prefix + key];
    return this.#caller.script(verb, script, keys, args, (reply) => replyNumber(reply) === 1);
  }
}
