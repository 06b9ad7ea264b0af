import { KoaStore, type KoaStoreOptions } from "@unstick/session/koa";
import { partLmdbOptions } from "../given-options.ts";
import { lmdbBackend } from "../lmdb-backend.ts";
import type { LmdbOptions } from "../options.ts";

export type LmdbStoreOptions = KoaStoreOptions & LmdbOptions;

/**
 * A store for koa-session in one file that all processes of a machine share, without a server.
 *
 * @throws {OptionError} for a wrong or unknown option.
 */
export class LmdbStore extends KoaStore {
  constructor(options: LmdbStoreOptions) {
    const { backend, rest } = partLmdbOptions(options);
    super(lmdbBackend(backend), rest);
  }
}
