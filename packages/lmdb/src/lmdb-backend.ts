import {
  type Backend,
  type PrincipalIndex,
  type SessionEnumeration,
  type SharedState,
  tableBackend,
  tableState,
} from "@unstick/session";
import { lmdbTable } from "./lmdb-table.ts";
import { type LmdbOptions, resolveOptions } from "./options.ts";

/**
 * Sessions in one file that all processes of a machine share, without a server.
 *
 * @throws {OptionError} when an option is wrong or unknown, or the file cannot be opened.
 */
export function lmdbBackend(options: LmdbOptions): Backend & SessionEnumeration & PrincipalIndex {
  return tableBackend(lmdbTable(resolveOptions(options)));
}

/**
 * Shared state (login state, one-time tickets) in one file that all processes of a machine share. May be
 * the file of {@link lmdbBackend}, with the same prefix: sessions and values do not meet.
 *
 * @throws {OptionError} when an option is wrong or unknown, or the file cannot be opened.
 */
export function lmdbState(options: LmdbOptions): SharedState {
  return tableState(lmdbTable(resolveOptions(options)));
}
