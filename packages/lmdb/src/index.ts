export { lmdbBackend, lmdbState } from "./lmdb-backend.ts";
export type { LmdbOptions } from "./options.ts";
