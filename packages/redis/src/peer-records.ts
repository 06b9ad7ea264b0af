import type { Caller } from "./caller.ts";
import { readingScript, script } from "./lua/script.ts";
import { replyList, replyNumber, replyText } from "./reply.ts";

/** What connect-redis and koa-redis keep for a session: one string of JSON under prefix and id. */
export interface PeerRecord {
  readonly text: string;
  /** Milliseconds; `undefined`: it has no deadline. */
  readonly remainingMs: number | undefined;
}

/** A key of ours (a hash) is none of theirs. */
const READ = readingScript(`
local text = redis.pcall('GET', KEYS[1])
if type(text) ~= 'string' then return {} end
return {text, redis.call('PTTL', KEYS[1])}
`);

/** Replace the record only if it is still what was read; else answer what it is now. */
const REPLACE = script(`
local text = redis.pcall('GET', KEYS[1])
if type(text) ~= 'string' then return {} end
if text ~= ARGV[1] then return {text, 0} end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return {text, 1}
`);

const REMOVE_IF = script(`
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
`);

const REMOVE = script(`
if type(redis.pcall('GETRANGE', KEYS[1], 0, 0)) ~= 'string' then return 0 end
return redis.call('UNLINK', KEYS[1])
`);

/** A key of ours is none of theirs here, too. */
const TOUCH = script(`
local last = redis.pcall('GETRANGE', KEYS[1], -#ARGV[2], -1)
if type(last) ~= 'string' or last == ARGV[2] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
`);

const PROLONG = script(`
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
`);

/** The records of connect-redis or koa-redis, in the steps that a move to ours and back needs. */
export class PeerRecords {
  readonly #caller: Caller;
  readonly #prefix: string;

  constructor(caller: Caller, prefix: string) {
    this.#caller = caller;
    this.#prefix = prefix;
  }

  read(id: string): Promise<PeerRecord | undefined> {
    return this.#caller.script("read", READ, [this.#prefix + id], [], (reply) => {
      const [text, pttl] = replyList(reply);
      if (text === undefined) return undefined;
      const remainingMs = replyNumber(pttl);
      return { text: replyText(text), remainingMs: remainingMs < 0 ? undefined : remainingMs };
    });
  }

  /** Store only if there is none. */
  async create(id: string, text: string, lifetimeMs: number): Promise<boolean> {
    const key = this.#prefix + id;
    const command = ["SET", key, text, "PX", String(lifetimeMs), "NX"];
    return this.#caller.command("create", key, command, (reply) => reply !== null);
  }

  async put(id: string, text: string, lifetimeMs: number): Promise<void> {
    const key = this.#prefix + id;
    await this.#caller.command("create", key, ["SET", key, text, "PX", String(lifetimeMs)], () => undefined);
  }

  /** `true`: replaced. A text: what is stored instead of `expected`. `undefined`: there is none any more. */
  replace(
    id: string,
    expected: string,
    text: string,
    lifetimeMs: number,
  ): Promise<true | string | undefined> {
    const args = [expected, text, String(lifetimeMs)];
    return this.#caller.script("update", REPLACE, [this.#prefix + id], args, (reply) => {
      const [current, isReplaced] = replyList(reply);
      if (current === undefined) return undefined;
      return replyNumber(isReplaced) === 1 ? true : replyText(current);
    });
  }

  /** Remove only if it is still `expected`. */
  removeIf(id: string, expected: string): Promise<boolean> {
    return this.#caller.script(
      "destroy",
      REMOVE_IF,
      [this.#prefix + id],
      [expected],
      (reply) => replyNumber(reply) === 1,
    );
  }

  /** Answers whether there was one. */
  remove(id: string): Promise<boolean> {
    const key = this.#prefix + id;
    return this.#caller.script("destroy", REMOVE, [key], [], (reply) => replyNumber(reply) === 1);
  }

  /** Move its deadline, but never back. */
  async prolong(id: string, lifetimeMs: number): Promise<void> {
    const args = [String(lifetimeMs)];
    await this.#caller.script("touch", PROLONG, [this.#prefix + id], args, () => undefined);
  }

  /** Move its deadline, unless it ends with `except`. */
  async touch(id: string, lifetimeMs: number, except: string): Promise<void> {
    const args = [String(lifetimeMs), except];
    await this.#caller.script("touch", TOUCH, [this.#prefix + id], args, () => undefined);
  }
}
