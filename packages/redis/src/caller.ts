import { setTimeout as sleep } from "node:timers/promises";
import { BackendError, DeadlineError } from "@unstick/session";
import type { Link } from "./clients/link.ts";
import { Deadlines } from "./deadline.ts";
import { type SilenceEvent, silenceChannel } from "./events.ts";
import { backendFailure, serverWord } from "./failure.ts";
import { isUnknownDeclaration, type Script } from "./lua/script.ts";
import { ServerClock } from "./server-clock.ts";

/**
 * While a slot is moved a client may run out of redirections; some tries later the move is over. These replies, and
 * `NOSCRIPT`, say that nothing was run, so sending again is no second application.
 */
const SLOT_ON_ITS_WAY: ReadonlySet<string> = new Set(["MOVED", "ASK", "TRYAGAIN"]);
const SLOT_RETRIES = 5;
const SLOT_RETRY_MS = 40;

export interface CallOptions {
  readonly deadlineMs: number;
  readonly reconnectAfterMs: number;
}

interface ScriptCall {
  /** The key that tells where to. */
  readonly first: string;
  readonly script: Script;
  /** The number of keys, the keys, the arguments. */
  readonly rest: readonly string[];
}

/** Makes calls that end: as the decoded reply, or as a typed error, within the deadline. */
export class Caller {
  readonly name = "redis";
  readonly link: Link;
  readonly deadlineMs: number;
  /** Never tells where plain reads may lead to another server than writes, or to several. */
  readonly clock: ServerClock;
  readonly #deadlines: Deadlines;
  /** Until a server has said that it cannot read declarations. */
  #declares = true;

  constructor(link: Link, { deadlineMs, reconnectAfterMs }: CallOptions) {
    this.link = link;
    this.deadlineMs = deadlineMs;
    this.clock = new ServerClock(link.isOneServer);
    const onSilence = (): void => breakSilence(link, reconnectAfterMs);
    this.#deadlines = new Deadlines(deadlineMs, { afterMs: reconnectAfterMs, onSilence });
  }

  /** Send a command to where `key` lives. */
  command<T>(
    verb: string,
    key: string,
    command: readonly string[],
    decode: (reply: unknown) => T,
  ): Promise<T> {
    return this.run(verb, () => this.#sendPlain(key, command, SLOT_RETRIES).then(decode));
  }

  /** Run a script on `keys`, which share one slot. */
  script<T>(
    verb: string,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
    decode: (reply: unknown) => T,
  ): Promise<T> {
    return this.run(verb, () => this.#evaluate(script, keys, args).then(decode));
  }

  /** Run any work under the deadline. */
  run<T>(verb: string, work: () => Promise<T>): Promise<T> {
    return this.#deadlines.limit(
      started(work),
      () => this.deadlineError(verb),
      (error) => backendFailure(this.name, verb, error),
    );
  }

  deadlineError(verb: string): DeadlineError {
    return new DeadlineError(this.name, verb, this.deadlineMs);
  }

  #sendPlain(key: string, command: readonly string[], retries: number): Promise<unknown> {
    const reply = this.link.send(key, command);
    if (!this.link.isCluster) return reply;
    return reply.catch((error: unknown) =>
      this.#later(error, retries, (left) => this.#sendPlain(key, command, left)),
    );
  }

  #evaluate(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const call = { first: keys[0] ?? "", script, rest: [String(keys.length), ...keys, ...args] };
    return this.#sendSha(call, SLOT_RETRIES);
  }

  #sendSha(call: ScriptCall, retries: number): Promise<unknown> {
    const declared = this.#declares ? call.script.declared : undefined;
    const { sha, source } = declared ?? call.script;
    return this.link.send(call.first, ["EVALSHA", sha, ...call.rest]).catch((error: unknown) => {
      if (serverWord(error) !== "NOSCRIPT")
        return this.#later(error, retries, (left) => this.#sendSha(call, left));
      return this.link.send(call.first, ["EVAL", source, ...call.rest]).catch((inner: unknown) => {
        if (declared === undefined || !isUnknownDeclaration(inner)) {
          return this.#later(inner, retries, (left) => this.#sendSha(call, left));
        }
        this.#declares = false;
        return this.#sendSha(call, retries);
      });
    });
  }

  async #later(
    error: unknown,
    retries: number,
    again: (retries: number) => Promise<unknown>,
  ): Promise<unknown> {
    if (!this.link.isCluster || !SLOT_ON_ITS_WAY.has(serverWord(error)) || retries === 0) throw error;
    await sleep(SLOT_RETRY_MS);
    return again(retries - 1);
  }

  /** The error for a reply that no script of ours gives. */
  unknownReply(verb: string): BackendError {
    return new BackendError(this.name, verb, "the server's answer is of no known form");
  }
}

/** A half-open connection carries nothing and reports nothing: only a new one helps. */
function breakSilence(link: Link, silentMs: number): void {
  const reconnected = link.reconnect?.() ?? false;
  const event: SilenceEvent = { family: link.family, silentMs, reconnected };
  silenceChannel.publish(event);
}

/** Clients that throw where they should reject are known. */
function started<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}
