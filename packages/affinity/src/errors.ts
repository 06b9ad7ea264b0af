/**
 * An error with a stable `code` (`ERR_UNSTICK_<WHAT>`). The message says what was given, the rule and the
 * remedy, and never shows a secret or a cookie value.
 */
export class AffinityError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "AffinityError";
    this.code = code;
  }
}

/** A wrong option, found at construction: `ERR_UNSTICK_OPTION`. */
export class AffinityOptionError extends AffinityError {
  readonly option: string;

  constructor(option: string, message: string) {
    super("ERR_UNSTICK_OPTION", `affinity option ${option}: ${message}`);
    this.name = "AffinityOptionError";
    this.option = option;
  }
}
