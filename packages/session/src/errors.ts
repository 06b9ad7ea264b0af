/**
 * An error with a stable `code` (`ERR_UNSTICK_<WHAT>`). The message says what was given, the rule and the
 * remedy, and never shows a secret, a session id or a stored value.
 */
export class UnstickError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnstickError";
    this.code = code;
  }
}

/** A wrong option, found at construction. Names the option by its path: `cookie.maxAge`. */
export class OptionError extends UnstickError {
  readonly option: string;

  constructor(option: string, message: string) {
    super("ERR_UNSTICK_OPTION", `option ${option}: ${message}`);
    this.name = "OptionError";
    this.option = option;
  }
}

/** The backend failed, or its deadline passed. `status` is for HTTP error handlers. */
export class BackendError extends UnstickError {
  readonly status = 503;

  constructor(backend: string, verb: string, reason: string, options?: ErrorOptions) {
    super("ERR_UNSTICK_BACKEND", `${backend} backend: ${verb} failed: ${reason}`, options);
    this.name = "BackendError";
  }
}

/** The deadline of one call passed. Whether the call was applied is not known. */
export class DeadlineError extends BackendError {
  override readonly code = "ERR_UNSTICK_DEADLINE";

  constructor(backend: string, verb: string, deadlineMs: number) {
    super(backend, verb, `no answer within ${deadlineMs} ms`);
    this.name = "DeadlineError";
  }
}

/** A record that cannot be decoded. It counts as no session; it is left where it is. */
export class DamagedRecordError extends UnstickError {
  constructor(backend: string, reason: string) {
    super("ERR_UNSTICK_DAMAGED", `${backend} backend: a record cannot be read: ${reason}`);
    this.name = "DamagedRecordError";
  }
}

/** A record of a format newer than this release knows. Left alone, so that a roll back destroys nothing. */
export class NewerRecordError extends UnstickError {
  readonly status = 503;

  constructor(backend: string, version: number) {
    super(
      "ERR_UNSTICK_NEWER_RECORD",
      `${backend} backend: a record has format version ${version}, newer than this release knows; upgrade this instance`,
    );
    this.name = "NewerRecordError";
  }
}
