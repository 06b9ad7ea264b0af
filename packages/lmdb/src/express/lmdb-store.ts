import { SessionStore, type StoreOptions } from "@unstick/session/express";
import { partLmdbOptions } from "../given-options.ts";
import { lmdbBackend } from "../lmdb-backend.ts";
import type { LmdbOptions } from "../options.ts";

export type LmdbStoreOptions = StoreOptions & LmdbOptions;

/**
 * A store for express-session in one file that all processes of a machine share, without a server.
 *
 * @throws {OptionError} for a wrong or unknown option.
 */
export class LmdbStore extends SessionStore {
  constructor(options: LmdbStoreOptions) {
    const { backend, rest } = partLmdbOptions(options);
    super(lmdbBackend(backend), rest);
  }
}
