import { SamlError } from "../errors.ts";
import { type NameId, readNameId } from "./name-id.ts";
import { attribute, child, children, instant, text, type XmlNode } from "./xml-node.ts";

/** What a validated assertion says. Plain JSON, times in milliseconds since 1970. */
export interface SamlLogin {
  readonly issuer: string;
  readonly assertionId: string;
  /** The AuthnRequest that the signed assertion answers; `null`: an IdP-initiated login. */
  readonly inResponseTo: string | null;
  readonly nameId: NameId;
  readonly sessionIndex: string | null;
  readonly issuedAtMs: number;
  /** The assertion is refused from then on: `SubjectConfirmationData/@NotOnOrAfter`, without skew. */
  readonly expiresAtMs: number;
  /** The identity provider wants the session ended by then (`SessionNotOnOrAfter`). */
  readonly sessionEndsAtMs: number | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface AssertionRules {
  readonly callbackUrl: string;
  readonly clockSkewMs: number;
  readonly nowMs: number;
}

const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/**
 * What profiles 4.1.4.3 asks of a bearer assertion and node-saml leaves out: Recipient, and that InResponseTo is
 * in the signed part. `responseInResponseTo` is the Response's, which may not be signed: it must agree.
 */
export function readLogin(
  assertion: XmlNode,
  responseInResponseTo: string | null,
  attributes: Readonly<Record<string, unknown>>,
  rules: AssertionRules,
): SamlLogin {
  const subject = child(assertion, "Subject");
  const confirmation = confirm(subject, rules);
  const inResponseTo = attribute(confirmation, "InResponseTo") ?? null;
  const issuer = text(child(assertion, "Issuer"));
  const assertionId = attribute(assertion, "ID");
  const issuedAtMs = instant(assertion, "IssueInstant");
  const nameId = readNameId(child(subject, "NameID"));
  if (!issuer || !assertionId || issuedAtMs === undefined || nameId === undefined) {
    throw new SamlError("refused", {
      cause: new Error("the assertion lacks Issuer, ID, IssueInstant or NameID"),
    });
  }
  if (inResponseTo !== responseInResponseTo) {
    throw new SamlError("misaddressed", {
      cause: new Error("InResponseTo differs or is left out in one part"),
    });
  }
  const statement = child(assertion, "AuthnStatement");
  return {
    issuer,
    assertionId,
    inResponseTo,
    nameId,
    sessionIndex: attribute(statement, "SessionIndex") ?? null,
    issuedAtMs,
    expiresAtMs: instant(confirmation, "NotOnOrAfter") ?? rules.nowMs,
    sessionEndsAtMs: sessionEnd(assertion, rules),
    attributes,
  };
}

/** The bearer confirmation that lasts longest of those that hold; throws when there is none. */
function confirm(subject: XmlNode | undefined, rules: AssertionRules): XmlNode {
  const data = children(subject, "SubjectConfirmation")
    .filter((confirmation) => attribute(confirmation, "Method") === BEARER)
    .map((confirmation) => child(confirmation, "SubjectConfirmationData"))
    .filter((found) => found !== undefined);
  const inTime = data.filter((confirmation) => isInTime(confirmation, rules));
  if (inTime.length === 0) {
    throw new SamlError("refused", { cause: new Error("no bearer SubjectConfirmation holds now") });
  }
  const ours = inTime.filter((confirmation) => attribute(confirmation, "Recipient") === rules.callbackUrl);
  const [longest] = ours.sort(
    (a, b) => (instant(b, "NotOnOrAfter") ?? 0) - (instant(a, "NotOnOrAfter") ?? 0),
  );
  if (longest === undefined) {
    throw new SamlError("misaddressed", { cause: new Error("Recipient is not our callbackUrl") });
  }
  return longest;
}

function isInTime(confirmation: XmlNode, { nowMs, clockSkewMs }: AssertionRules): boolean {
  const until = instant(confirmation, "NotOnOrAfter");
  const from = instant(confirmation, "NotBefore") ?? Number.NEGATIVE_INFINITY;
  return until !== undefined && nowMs - clockSkewMs < until && nowMs + clockSkewMs >= from;
}

/** The earliest SessionNotOnOrAfter; one that has passed ends the login here. */
function sessionEnd(assertion: XmlNode, { nowMs, clockSkewMs }: AssertionRules): number | null {
  const ends = children(assertion, "AuthnStatement")
    .map((statement) => instant(statement, "SessionNotOnOrAfter"))
    .filter((end) => end !== undefined);
  if (ends.length === 0) return null;
  const earliest = Math.min(...ends);
  if (earliest <= nowMs - clockSkewMs) {
    throw new SamlError("refused", { cause: new Error("SessionNotOnOrAfter has passed") });
  }
  return earliest;
}
