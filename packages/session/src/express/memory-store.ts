import { memoryBackend } from "../memory/memory-backend.ts";
import { SessionStore } from "./session-store.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * Sessions in this process, for tests and single processes: what express-session's MemoryStore is for, with
 * the guarantees of the other stores, and without its leak (what expired is removed).
 */
export class MemoryStore extends SessionStore {
  constructor(options: StoreOptions = {}) {
    super(memoryBackend(), options);
  }
}
