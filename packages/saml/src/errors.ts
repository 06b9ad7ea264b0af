import { UnstickError } from "@unstick/session";

export type SamlRefusal =
  | "request_used"
  | "request_unknown"
  | "assertion_used"
  | "unsolicited"
  | "misaddressed"
  | "refused"
  | "malformed"
  | "other_browser"
  | "logged_out"
  | "flood"
  | "item_too_large";

/** Why a message, a ticket or a login was refused. Each is a code: `ERR_UNSTICK_SAML_` and its name in capitals. */
const REFUSALS: Readonly<Record<SamlRefusal, readonly [status: number, message: string]>> = {
  request_used: [
    403,
    "this login was already completed: another answer to the same AuthnRequest was accepted first. An AuthnRequest is answered once; begin a new login",
  ],
  request_unknown: [
    403,
    "no login that waits for this answer is known: it was begun elsewhere, or took too long. Begin a new login",
  ],
  assertion_used: [403, "this assertion was accepted before; it is good for one login. Begin a new login"],
  unsolicited: [
    403,
    "an answer that nobody asked for, and IdP-initiated login is off. Begin the login here, or set unsolicited: 'accept'",
  ],
  misaddressed: [
    403,
    "the answer is not for this service provider, or its parts answer different requests. Compare the identity provider's settings with our metadata",
  ],
  refused: [403, "the identity provider's message was refused; the cause says why. Begin a new login"],
  malformed: [
    400,
    "not a SAML message, or one that is too large. Send one SAMLResponse or SAMLRequest field below maxMessageBytes",
  ],
  other_browser: [
    403,
    "this login was begun in another browser, or its cookie is gone. Begin a new login in this browser",
  ],
  logged_out: [
    403,
    "the identity provider has ended this login before it was completed here. Begin a new login",
  ],
  flood: [503, "too many logins are being begun here at the moment. Try again in a few minutes"],
  item_too_large: [413, "the item's key or value is larger than the limits of the state allow"],
};

/** A refused message or login. The application may show `message`; `status` is for HTTP error handlers. */
export class SamlError extends UnstickError {
  readonly status: number;
  readonly refusal: SamlRefusal;

  constructor(refusal: SamlRefusal, options?: ErrorOptions) {
    const [status, message] = REFUSALS[refusal];
    super(`ERR_UNSTICK_SAML_${refusal.toUpperCase()}`, message, options);
    this.name = "SamlError";
    this.status = status;
    this.refusal = refusal;
  }
}

/** Another answer to the same AuthnRequest was taken first, here or on another instance. */
export class RequestUsedError extends SamlError {
  constructor() {
    super("request_used");
    this.name = "RequestUsedError";
  }
}

/** A SAML library that must not be used, found at start-up. */
export class SamlVersionError extends UnstickError {
  constructor(reason: string) {
    super("ERR_UNSTICK_SAML_VERSION", reason);
    this.name = "SamlVersionError";
  }
}
