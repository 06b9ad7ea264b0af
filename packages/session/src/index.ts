export type {
  Answer,
  AttributeChange,
  Attributes,
  Backend,
  CreateOutcome,
  DestroyOutcome,
  Lifetime,
  PrincipalEntry,
  PrincipalIndex,
  Promised,
  RenameOutcome,
  SessionEnumeration,
  SessionKey,
  StoredSession,
  UpdateOutcome,
  WriteToken,
} from "./backend.ts";
export { RENAMED_TOMBSTONE_MS } from "./backend.ts";
export * from "./engine/index.ts";
export {
  BackendError,
  DamagedRecordError,
  DeadlineError,
  NewerRecordError,
  OptionError,
  UnstickError,
} from "./errors.ts";
export { type MemoryOptions, memoryBackend, memoryState } from "./memory/memory-backend.ts";
export type { SharedState, TakeOutcome } from "./shared-state.ts";
export type { ReadableRows, Row, RowBody, Rows, Table } from "./table/table.ts";
export { tableBackend } from "./table/table-backend.ts";
export { tableState } from "./table/table-state.ts";
