import { UnstickError } from "@unstick/session";

/**
 * Another answer to the same AuthnRequest was taken first, here or on another instance. `status` is for HTTP
 * error handlers.
 */
export class RequestUsedError extends UnstickError {
  readonly status = 403;

  constructor() {
    super(
      "ERR_UNSTICK_SAML_REQUEST_USED",
      "this login was already completed: another answer to the same AuthnRequest was accepted first. " +
        "An AuthnRequest is answered once; begin a new login",
    );
    this.name = "RequestUsedError";
  }
}
