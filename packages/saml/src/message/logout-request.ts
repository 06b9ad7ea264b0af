import { SamlError } from "../errors.ts";
import { type NameId, readNameId } from "./name-id.ts";
import { attribute, child, children, instant, text, type XmlNode } from "./xml-node.ts";

/** What a LogoutRequest of the identity provider says. */
export interface LogoutRequest {
  readonly id: string;
  readonly issuer: string;
  readonly nameId: NameId;
  /** None: all sessions of the principal (core 3.7.3.1). */
  readonly sessionIndexes: readonly string[];
  readonly issuedAtMs: number;
  readonly expiresAtMs: number | null;
}

/** Read a verified LogoutRequest. `decrypted`: the name, where the message has it encrypted. */
export function readLogoutRequest(
  request: XmlNode | undefined,
  callbackUrl: string,
  decrypted?: NameId,
): LogoutRequest {
  checkLogoutDestination(request, callbackUrl);
  const nameId = readNameId(child(request, "NameID")) ?? decrypted;
  const id = attribute(request, "ID");
  const issuer = text(child(request, "Issuer"));
  const issuedAtMs = instant(request, "IssueInstant");
  if (!id || !issuer || nameId === undefined || issuedAtMs === undefined) {
    throw new SamlError("refused", { cause: new Error("it lacks ID, Issuer, IssueInstant or NameID") });
  }
  const sessionIndexes = children(request, "SessionIndex").map((index) => text(index) ?? "");
  const expiresAtMs = instant(request, "NotOnOrAfter") ?? null;
  return { id, issuer, nameId, sessionIndexes, issuedAtMs, expiresAtMs };
}

/** The logout address is not among the libraries' options; it is on the origin of the callback. */
export function checkLogoutDestination(message: XmlNode | undefined, callbackUrl: string): void {
  const destination = attribute(message, "Destination");
  if (destination === undefined) return;
  const isOurs = URL.canParse(destination) && new URL(destination).origin === new URL(callbackUrl).origin;
  if (!isOurs) throw new SamlError("misaddressed", { cause: new Error("Destination is another site") });
}
