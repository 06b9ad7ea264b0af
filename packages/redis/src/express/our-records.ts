import type { SessionKey } from "@unstick/session";
import type { Caller } from "../caller.ts";
import type { KeptRecord } from "../decode-record.ts";
import { FREEZE, GIVE, IS_FROZEN, THAW } from "../lua/give-back-scripts.ts";
import type { Script } from "../lua/script.ts";
import { READ } from "../lua/session-scripts.ts";
import { replyNumber } from "../reply.ts";
import { askRecord } from "../session-verbs.ts";

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

  read(key: SessionKey): Promise<KeptRecord> {
    return this.#read(READ, key);
  }

  /** Freeze it if it is live, and read it. One that is live afterwards could not be frozen: the server takes no writes. */
  freeze(key: SessionKey): Promise<KeptRecord> {
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

  #read(script: Script, key: SessionKey): Promise<KeptRecord> {
    return askRecord(this.#caller, script, this.#prefix + key);
  }

  #turn(verb: string, script: Script, key: SessionKey, ...args: readonly string[]): Promise<boolean> {
    const keys = [this.#prefix + key];
    return this.#caller.script(verb, script, keys, args, (reply) => replyNumber(reply) === 1);
  }
}
