export { shortenCookie } from "./cookie-attribute.ts";
export { createEngine, type Engine, type LoadOptions } from "./engine.ts";
export {
  SerializeError,
  SessionConflictError,
  SessionGoneError,
  SessionLimitError,
  SessionReplacedError,
  SessionTooLargeError,
  UndecodableError,
  UnsupportedError,
} from "./errors.ts";
export type { SessionEvent, SessionEventName, SessionEvents } from "./events.ts";
export { type EncryptionOptions, KeyRing } from "./key-ring.ts";
export { LIFETIME_PRESETS, type LifetimePreset } from "./lifetime.ts";
export type { LoginOptions, RenameOptions } from "./login-session.ts";
export type { MetricsOptions } from "./metrics-options.ts";
export { type ConflictRule, ENGINE_DEFAULTS, type EngineOptions, type Policy } from "./options.ts";
export type { PrincipalSession, PrincipalSessions } from "./principal-sessions.ts";
export type { RenameResult } from "./rename-session.ts";
export type { SaveOptions, SaveOutcome } from "./save-session.ts";
export { jsonSerializer, type Serializer, typedJsonSerializer } from "./serializer.ts";
export type { Session } from "./session.ts";
export { createSessionId, handleKey, isSessionId, sessionHandle, sessionKey } from "./session-id.ts";
export type { Device } from "./session-state.ts";
export type { BackendStatistics, ServerStatistics } from "./statistics.ts";
