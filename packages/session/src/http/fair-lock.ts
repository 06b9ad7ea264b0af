import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Backend, SessionKey } from "../backend.ts";

/** How often a waiter looks, at first and at last. */
const FIRST_LOOK_MS = 2;
const LAST_LOOK_MS = 25;

export type Release = () => Promise<void>;

/**
 * A fair lock for one session, on the backend where the session lives, so that it holds across instances.
 * Who comes draws a number, and is served in its turn: two counters in a record of their own. A holder that
 * does not give it back (its process died) is passed over after the lease. Other sessions do not wait.
 */
export class FairLock {
  readonly #backend: Backend;
  readonly #leaseMs: number;

  constructor(backend: Backend, leaseMs: number) {
    this.#backend = backend;
    this.#leaseMs = leaseMs;
  }

  /** Resolves when it is this request's turn, which lasts until its response is closed in whatever way. */
  async hold(name: string, response: ServerResponse): Promise<void> {
    const release = await this.acquire(name, () => response.closed);
    // Should giving back fail, the lease ends by itself.
    const giveBack = (): void => void release().catch(() => undefined);
    if (response.closed) giveBack();
    else response.once("close", giveBack);
  }

  /** Resolves when it is this caller's turn. `isGone`: the caller does not need it any more. */
  async acquire(name: string, isGone: () => boolean): Promise<Release> {
    const key = createHash("sha256").update(`lock:${name}`).digest("base64url");
    const ticket = await this.#draw(key);
    let lookMs = FIRST_LOOK_MS;
    let seen = -1;
    let seenSince = performance.now();
    for (;;) {
      const serving = await this.#serving(key);
      // The record's time ran out, or this ticket was passed over: nobody is before us.
      if (serving === undefined || serving >= ticket) return () => this.#serve(key, ticket);
      if (serving !== seen) {
        seen = serving;
        seenSince = performance.now();
        lookMs = FIRST_LOOK_MS;
      } else if (performance.now() - seenSince >= this.#leaseMs) {
        await this.#serve(key, serving);
        continue;
      }
      await pause(lookMs);
      lookMs = Math.min(lookMs * 2, isGone() ? FIRST_LOOK_MS : LAST_LOOK_MS);
    }
  }

  async #draw(key: SessionKey): Promise<number> {
    for (;;) {
      const drawn = await this.#backend.update(key, { add: new Map([["next", 1]]) }, this.#lifetime);
      if (drawn.outcome === "ok") return Number(drawn.current.get("next")) - 1;
      const first = new Map([
        ["next", "1"],
        ["serving", "0"],
      ]);
      if ((await this.#backend.create(key, first, this.#lifetime)) === "ok") return 0;
    }
  }

  async #serving(key: SessionKey): Promise<number | undefined> {
    const record = await this.#backend.read(key);
    return record === null ? undefined : Number(record.attributes.get("serving"));
  }

  /** The next number. When it is not `served` any more somebody has called it already. */
  async #serve(key: SessionKey, served: number): Promise<void> {
    const set = new Map([["serving", String(served + 1)]]);
    const expect = new Map([["serving", String(served)]]);
    await this.#backend.update(key, { set, expect }, this.#lifetime);
  }

  /** Each step moves it on; it ends by itself when nobody comes any more. */
  get #lifetime(): { readonly idleMs: number } {
    return { idleMs: this.#leaseMs * 4 };
  }
}
