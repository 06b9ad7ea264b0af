import { createRequire } from "node:module";
import { SamlError } from "../errors.ts";
import type { XmlNode } from "./xml-node.ts";

/** What we read of an element of @xmldom/xmldom 0.8. */
export interface XmlElement {
  readonly nodeType: number;
  readonly localName: string;
  readonly namespaceURI: string | null;
  readonly data?: string;
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>;
  readonly childNodes: ArrayLike<XmlElement> | null;
  getAttribute(name: string): string;
  replaceChild(fresh: XmlElement, old: XmlElement): unknown;
  toString(): string;
}

interface Signature {
  readonly signatureAlgorithm?: string;
  loadSignature(signature: XmlElement): void;
  getReferences(): readonly { readonly uri?: string }[];
  checkSignature(xml: string): boolean;
  getSignedReferences(): readonly string[];
  addReference(reference: object): void;
  computeSignature(xml: string, options: object): void;
  getSignedXml(): string;
}

interface Parser {
  parseFromString(xml: string, type: string): { readonly documentElement: XmlElement | null };
}

/** The XML parser and the signatures of the SAML library itself: what it verified and what we read are then read alike. */
export interface XmlTools {
  readonly DOMParser: new (options: object) => Parser;
  readonly SignedXml: new (options: object) => Signature;
}

export function xmlToolsOf(libraryPath: string): XmlTools {
  const load = createRequire(libraryPath);
  const { DOMParser } = load("@xmldom/xmldom") as XmlTools;
  const { SignedXml } = load("xml-crypto") as XmlTools;
  return { DOMParser, SignedXml };
}

const ELEMENT = 1;
const TEXT = [3, 4];

/** Throws {@link SamlError} (`malformed`) for what is no XML. */
export function parseXml({ DOMParser }: XmlTools, xml: string): XmlElement {
  const refuse = (message: string): never => {
    throw new SamlError("malformed", { cause: new Error(message) });
  };
  const errorHandler = { warning: refuse, error: refuse, fatalError: refuse };
  const { documentElement } = new DOMParser({ errorHandler }).parseFromString(xml, "text/xml");
  return documentElement ?? refuse("it has no element");
}

export function childElements(element: XmlElement, localName: string): readonly XmlElement[] {
  return allChildren(element).filter((found) => found.nodeType === ELEMENT && found.localName === localName);
}

/** How many elements below have one of these names, at any depth. */
export function countElements(element: XmlElement, localNames: readonly string[]): number {
  return allChildren(element)
    .filter(({ nodeType }) => nodeType === ELEMENT)
    .reduce(
      (sum, found) => sum + Number(localNames.includes(found.localName)) + countElements(found, localNames),
      0,
    );
}

/** An element in the form that node-saml's parser gives, which all our readers take. */
export function toXmlNode(element: XmlElement): XmlNode {
  const found = allChildren(element);
  const own = Array.from(element.attributes, ({ name, value }) => [name, value] as const);
  const node: { [name: string]: unknown } = Object.create(null);
  for (const { localName } of found.filter(({ nodeType }) => nodeType === ELEMENT)) {
    node[localName] ??= childElements(element, localName).map(toXmlNode);
  }
  const text = found.filter(({ nodeType }) => TEXT.includes(nodeType)).map(({ data = "" }) => data);
  return Object.assign(node, { $: Object.fromEntries(own), _: text.join("") });
}

function allChildren({ childNodes }: XmlElement): readonly XmlElement[] {
  return Array.from(childNodes ?? []);
}

const XMLDSIG = "http://www.w3.org/2000/09/xmldsig#";

/** SHA-1 and older are not accepted (OWASP SAML cheat sheet). */
const STRONG = /(?:#(?:rsa|ecdsa)-sha(?:256|384|512)|#sha256-rsa-MGF1)$/;

/** Whether an element carries a signature, good or not. */
export function isSigned(element: XmlElement): boolean {
  return childElements(element, "Signature").some(({ namespaceURI }) => namespaceURI === XMLDSIG);
}

/**
 * The canonical XML of `element`, as its own signature covers it, when one of the certificates verifies that; else
 * `null`. Nothing of `xml` but what is answered here may be believed (signature wrapping, CVE-2025-47949).
 */
export function signedPart(
  { SignedXml }: XmlTools,
  xml: string,
  element: XmlElement,
  certificates: readonly string[],
): string | null {
  const signatures = childElements(element, "Signature").filter((one) => one.namespaceURI === XMLDSIG);
  const [signature] = signatures;
  const id = element.getAttribute("ID");
  if (signature === undefined || signatures.length > 1 || id === "") return null;
  for (const certificate of certificates) {
    const check = new SignedXml({ publicCert: toPem(certificate, "CERTIFICATE") });
    const part = verify(check, signature, id, xml);
    if (part !== null) return part;
  }
  return null;
}

function verify(check: Signature, signature: XmlElement, id: string, xml: string): string | null {
  try {
    check.loadSignature(signature);
    const [reference, ...others] = check.getReferences();
    // xml-crypto refuses an id that several elements have, so this one is the element itself.
    if (reference?.uri !== `#${id}` || others.length > 0) return null;
    if (!STRONG.test(check.signatureAlgorithm ?? "") || !check.checkSignature(xml)) return null;
    return check.getSignedReferences()[0] ?? null;
  } catch {
    // xml-crypto throws for the wrong key; another certificate may be the right one.
    return null;
  }
}

/** Metadata gives certificates and keys without the lines around them. */
export function toPem(text: string, kind: "CERTIFICATE" | "PRIVATE KEY"): string {
  if (text.includes("-----BEGIN")) return text;
  const lines = text.replaceAll(/\s/g, "").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}
