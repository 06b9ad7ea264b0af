import { memoryBackend } from "../memory/memory-backend.ts";
import { KoaStore } from "./koa-store.ts";
import type { KoaStoreOptions } from "./store-options.ts";

/** Sessions in this process, for tests and single processes, with the guarantees of the other stores. */
export class MemoryStore extends KoaStore {
  constructor(options: KoaStoreOptions = {}) {
    super(memoryBackend(), options);
  }
}
