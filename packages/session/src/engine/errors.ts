import { UnstickError } from "../errors.ts";

/** What a key ring cannot open, or a codec cannot decode. The engine never lets it out: the record counts as damaged. */
export class UndecodableError extends Error {
  override readonly name = "UndecodableError";
}

/** An attribute that the serializer refuses. The stored session is untouched. */
export class SerializeError extends UnstickError {
  readonly attribute: string;

  constructor(attribute: string, reason: string, options?: ErrorOptions) {
    super(
      "ERR_UNSTICK_SERIALIZE",
      `session attribute ${JSON.stringify(attribute)} cannot be serialised: ${reason}; store plain data, or give a serializer that knows it`,
      options,
    );
    this.name = "SerializeError";
    this.attribute = attribute;
  }
}

/** The session would be larger than `maxBytes`. The stored session is untouched. */
export class SessionTooLargeError extends UnstickError {
  constructor(bytes: number, maxBytes: number) {
    super(
      "ERR_UNSTICK_SESSION_TOO_LARGE",
      `the session would take ${bytes} bytes and the limit is ${maxBytes} (option maxBytes); it was not saved and keeps its old state. Keep large data elsewhere and its name in the session`,
    );
    this.name = "SessionTooLargeError";
  }
}

/** Another request changed the same attribute (`onConflict: "error"`, or a merge that never settled). */
export class SessionConflictError extends UnstickError {
  readonly status = 409;
  readonly attributes: readonly string[];

  constructor(attributes: readonly string[]) {
    super(
      "ERR_UNSTICK_CONFLICT",
      `session attributes ${JSON.stringify(attributes)} were changed by another request meanwhile; nothing was saved. Load the session again and repeat`,
    );
    this.name = "SessionConflictError";
    this.attributes = attributes;
  }
}

/** The session was given a new id by another request, for another user or by the same regenerate. */
export class SessionReplacedError extends UnstickError {
  readonly status = 409;

  constructor() {
    super(
      "ERR_UNSTICK_SESSION_REPLACED",
      "another request gave this session a new id or ended it meanwhile; this request may not do it again. Let the client repeat the request",
    );
    this.name = "SessionReplacedError";
  }
}

/** The session ended while the request ran, and the application asked to be told (`onGone: "error"`). */
export class SessionGoneError extends UnstickError {
  readonly status = 409;

  constructor() {
    super("ERR_UNSTICK_SESSION_GONE", "the session ended while this request ran; its changes were not saved");
    this.name = "SessionGoneError";
  }
}

/** The user has as many sessions as `maxSessions.max` allows, and the policy is `"reject"`. */
export class SessionLimitError extends UnstickError {
  readonly status = 403;

  constructor(max: number) {
    super(
      "ERR_UNSTICK_SESSION_LIMIT",
      `this user has ${max} sessions, which is the limit (option maxSessions); end one of them first`,
    );
    this.name = "SessionLimitError";
  }
}

/** The backend lacks a further power: enumeration, or the index of a user's sessions. */
export class UnsupportedError extends UnstickError {
  constructor(backend: string, power: string) {
    super("ERR_UNSTICK_UNSUPPORTED", `the ${backend} backend has no ${power}`);
    this.name = "UnsupportedError";
  }
}
