export type AlbErrorCode = "ERR_UNSTICK_ALB_OPTION" | "ERR_UNSTICK_ALB_LISTEN" | "ERR_UNSTICK_ALB_TARGET";

/** A fault of configuration or start-up, as one sentence: what was given, the rule, the remedy. */
export class AlbError extends Error {
  override readonly name = "AlbError";
  readonly code: AlbErrorCode;
  /** The option at fault, as it is written in code: `stickiness.cookieName`. */
  readonly option: string | undefined;

  constructor(code: AlbErrorCode, message: string, option?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.option = option;
  }
}

/** Refuse one option: `refuse("port", "must be …")` says `port must be …`. */
export function refuse(option: string, sentence: string): never {
  throw new AlbError("ERR_UNSTICK_ALB_OPTION", `${option} ${sentence}`, option);
}
