import { SamlError } from "../errors.ts";
import { type AssertionRules, readLogin, type SamlLogin } from "./login.ts";
import { checkSignedResponse, checkSuccess } from "./response.ts";
import {
  childElements,
  countElements,
  isSigned,
  parseXml,
  signedPart,
  toXmlNode,
  type XmlElement,
  type XmlTools,
} from "./verified-xml.ts";
import { attribute, child, children, text, type XmlNode } from "./xml-node.ts";

/** Whom to believe, and who we are. */
export interface Trust {
  readonly tools: XmlTools;
  /** Of the identity provider; PEM or bare base64. */
  readonly certificates: readonly string[];
  /** The identity provider's entity id. */
  readonly issuer: string;
  /** Our own entity id, as AudienceRestriction names it. */
  readonly entityId: string;
  readonly callbackUrl: string;
  readonly clockSkewMs: number;
  /** The assertion of a Response whose assertion is encrypted. */
  decrypt(response: string): Promise<string>;
}

export interface VerifiedAnswer {
  readonly login: SamlLogin;
  /** XML that nobody can guess: what was signed. */
  readonly proof: string;
}

const NOT_COVERED = "no signature of the identity provider covers it";

/**
 * The login that a Response says, from nothing but the part of it that is signed. A Response with more than one
 * assertion, at any depth, is refused: that is how a signed one is wrapped around a forged one.
 */
export async function readAnswer(xml: string, trust: Trust): Promise<VerifiedAnswer> {
  const raw = parseXml(trust.tools, xml);
  if (raw.localName !== "Response") throw refused("it is no Response");
  const hasOwnSignature = isSigned(raw);
  const trusted = hasOwnSignature ? await verifiedResponse(raw, xml, trust) : xml;
  const response = hasOwnSignature ? parseXml(trust.tools, trusted) : raw;
  const assertion = await verifiedAssertion(response, trusted, hasOwnSignature, trust);
  const header = toXmlNode(response);
  if (hasOwnSignature) checkSignedResponse(header, trust.callbackUrl);
  else checkSuccess(header, "Response");
  const node = toXmlNode(assertion.element);
  checkParties(node, trust);
  const rules: AssertionRules = { ...trust, nowMs: Date.now() };
  const login = readLogin(node, attribute(header, "InResponseTo") ?? null, {}, rules);
  return { login, proof: assertion.xml };
}

/**
 * What the Response's own signature covers: the message as it came, or as it was before its assertion was encrypted.
 * samlify's identity provider signs first unless it is told otherwise.
 */
async function verifiedResponse(raw: XmlElement, xml: string, trust: Trust): Promise<string> {
  const [encrypted, ...others] = childElements(raw, "EncryptedAssertion");
  const part = signedPart(trust.tools, xml, raw, trust.certificates);
  if (part !== null) return part;
  if (encrypted === undefined || others.length > 0) throw refused(NOT_COVERED);
  raw.replaceChild(parseXml(trust.tools, await trust.decrypt(xml)), encrypted);
  return mustVerify(raw.toString(), raw, trust);
}

/** `trusted`: the Response; all of it is verified when `isVerified`, else only what the assertion's own signature covers. */
async function verifiedAssertion(
  response: XmlElement,
  trusted: string,
  isVerified: boolean,
  trust: Trust,
): Promise<{ readonly element: XmlElement; readonly xml: string }> {
  const names = ["Assertion", "EncryptedAssertion"];
  const [found] = names.flatMap((name) => childElements(response, name));
  if (found === undefined || countElements(response, names) !== 1) throw refused("not exactly one assertion");
  const isEncrypted = found.localName === "EncryptedAssertion";
  const xml = isEncrypted ? await trust.decrypt(trusted) : trusted;
  const element = isEncrypted ? parseXml(trust.tools, xml) : found;
  if (element.localName !== "Assertion" || countElements(element, names) !== 0) {
    throw refused("what is encrypted is not one assertion");
  }
  if (isVerified) return { element, xml };
  const part = mustVerify(xml, element, trust);
  return { element: parseXml(trust.tools, part), xml: part };
}

/** Throws unless the identity provider's signature covers the element; answers what it covers. */
export function mustVerify(xml: string, element: XmlElement, { tools, certificates }: Trust): string {
  const part = signedPart(tools, xml, element, certificates);
  if (part === null) throw refused(NOT_COVERED);
  return part;
}

/** From the identity provider that we asked, and for us (profiles 4.1.4.2): each restriction must name us (core 2.5.1.4). */
function checkParties(assertion: XmlNode, { issuer, entityId }: Trust): void {
  if (text(child(assertion, "Issuer")) !== issuer) throw refused("it is from another issuer");
  const restrictions = children(child(assertion, "Conditions"), "AudienceRestriction");
  const isForUs = restrictions.every((restriction) =>
    children(restriction, "Audience").some((audience) => text(audience) === entityId),
  );
  if (restrictions.length === 0 || !isForUs) throw refused("it is for another audience");
}

export function refused(reason: string): SamlError {
  return new SamlError("refused", { cause: new Error(reason) });
}
