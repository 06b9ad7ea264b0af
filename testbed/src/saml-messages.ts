import { randomBytes } from "node:crypto";
import samlify from "samlify";

/** Whom an identity provider writes to, and as whom. */
export interface Parties {
  /** The identity provider's entity id. */
  readonly issuer: string;
  readonly audience: string;
  readonly callbackUrl: string;
  readonly logoutUrl: string;
}

export interface AnswerOptions {
  /** The AuthnRequest's id; an empty string makes the unsolicited answer of an IdP-initiated login. */
  readonly requestId: string;
  /** Who has signed in; default `"ada@example.org"`. */
  readonly nameId?: string;
  /** Names this login at the identity provider; default random. */
  readonly sessionIndex?: string;
  /** When the session must end, as an ISO instant; default: the message does not say. */
  readonly sessionNotOnOrAfter?: string;
  /** How long the assertion may be used; default 5 minutes. */
  readonly lifetimeMs?: number;
  /** `false`: only the assertion is signed. */
  readonly isMessageSigned?: boolean;
  /** Changes the XML before it is signed. */
  readonly edit?: (xml: string) => string;
}

export interface LogoutOptions {
  /** Whose sessions; default `"ada@example.org"`. */
  readonly nameId?: string;
  /** Which of them; default all. */
  readonly sessionIndexes?: readonly string[];
  /** The message's own id; default random. */
  readonly id?: string;
  /** Changes the XML before it is signed. */
  readonly edit?: (xml: string) => string;
}

/** As samlify takes a message that is ready to be signed. */
interface Message {
  readonly id: string;
  readonly context: string;
}

export const emailAddress = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

const somebody = "ada@example.org";
const success = "urn:oasis:names:tc:SAML:2.0:status:Success";
const namespaces =
  'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

/** samlify hands its template over and takes it back filled in. */
export function answerXml(template: string, answer: AnswerOptions, parties: Parties): Message {
  const { requestId, nameId = somebody, lifetimeMs = 300_000, edit = (xml) => xml } = answer;
  const now = Date.now();
  const id = newId();
  const expires = new Date(now + lifetimeMs).toISOString();
  const filled = samlify.SamlLib.replaceTagsByValue(template, {
    ID: id,
    AssertionID: newId(),
    Destination: parties.callbackUrl,
    Audience: parties.audience,
    SubjectRecipient: parties.callbackUrl,
    Issuer: parties.issuer,
    IssueInstant: new Date(now).toISOString(),
    StatusCode: success,
    ConditionsNotBefore: new Date(now - 1_000).toISOString(),
    ConditionsNotOnOrAfter: expires,
    SubjectConfirmationDataNotOnOrAfter: expires,
    NameIDFormat: emailAddress,
    NameID: nameId,
    InResponseTo: requestId,
    AuthnStatement: "",
    AttributeStatement: "",
  });
  const context = filled.replace("</saml:Assertion>", `${authnStatement(answer, now)}</saml:Assertion>`);
  const whole = requestId === "" ? context.replaceAll(' InResponseTo=""', "") : context;
  return { id, context: edit(whole) };
}

function authnStatement({ sessionIndex = newId(), sessionNotOnOrAfter }: AnswerOptions, now: number): string {
  const ends = sessionNotOnOrAfter ? ` SessionNotOnOrAfter="${sessionNotOnOrAfter}"` : "";
  return `<saml:AuthnStatement AuthnInstant="${new Date(now).toISOString()}" SessionIndex="${sessionIndex}"${ends}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`;
}

export function logoutRequestXml(logout: LogoutOptions, { issuer, logoutUrl }: Parties): Message {
  const { nameId = somebody, sessionIndexes = [], id = newId(), edit = (xml: string) => xml } = logout;
  const now = Date.now();
  const until = new Date(now + 300_000).toISOString();
  const indexes = sessionIndexes.map((index) => `<samlp:SessionIndex>${index}</samlp:SessionIndex>`).join("");
  const xml = `<samlp:LogoutRequest ${namespaces} ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}" NotOnOrAfter="${until}" Destination="${logoutUrl}"><saml:Issuer>${issuer}</saml:Issuer><saml:NameID Format="${emailAddress}">${escapeXml(nameId)}</saml:NameID>${indexes}</samlp:LogoutRequest>`;
  return { id, context: edit(xml) };
}

export function logoutResponseXml(inResponseTo: string, { issuer, logoutUrl }: Parties): Message {
  const id = newId();
  const context = `<samlp:LogoutResponse ${namespaces} ID="${id}" Version="2.0" IssueInstant="${new Date().toISOString()}" Destination="${logoutUrl}" InResponseTo="${inResponseTo}"><saml:Issuer>${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${success}"/></samlp:Status></samlp:LogoutResponse>`;
  return { id, context };
}

/** 160 random bits, as SAML core 1.3.4 asks; an XML id may not begin with a digit. */
function newId(): string {
  return `_${randomBytes(20).toString("hex")}`;
}

/** Somebody types it: it must not become markup that is signed. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
