import type { EventEmitter } from "node:events";
import type { Engine } from "../engine/engine.ts";
import { createSessionId } from "../engine/session-id.ts";
import { BackendError } from "../errors.ts";

/** How often a backend that failed is asked whether it is back. */
const PROBE_INTERVAL_MS = 1000;

/**
 * `disconnect` when a call fails because of the backend, `connect` when it answers again. While it is
 * disconnected express-session makes no calls, so somebody must ask.
 */
export class BackendWatch {
  readonly #emitter: EventEmitter;
  readonly #engine: Engine;
  #probe: NodeJS.Timeout | undefined;

  constructor(emitter: EventEmitter, engine: Engine) {
    this.#emitter = emitter;
    this.#engine = engine;
  }

  over<Value>(work: Promise<Value>): Promise<Value> {
    return work.catch((error: unknown) => {
      if (error instanceof BackendError) this.#lose();
      throw error;
    });
  }

  stop(): void {
    clearInterval(this.#probe);
    this.#probe = undefined;
  }

  #lose(): void {
    if (this.#probe !== undefined) return;
    this.#probe = setInterval(() => void this.#ask(), PROBE_INTERVAL_MS).unref();
    this.#emitter.emit("disconnect");
  }

  async #ask(): Promise<void> {
    try {
      await this.#engine.load(createSessionId());
    } catch {
      return;
    }
    if (this.#probe === undefined) return;
    this.stop();
    this.#emitter.emit("connect");
  }
}
