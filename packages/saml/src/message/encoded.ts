import { inflateRawSync } from "node:zlib";
import { SamlError } from "../errors.ts";

/** A field of a form, base64: its size is bounded before anything reads it. */
export function readField(container: unknown, name: string, maxMessageBytes: number): string {
  const given = typeof container === "object" && container !== null ? container : {};
  const field = Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined;
  if (typeof field !== "string" || field.length > maxMessageBytes || !/^[A-Za-z0-9+/=\s]+$/.test(field)) {
    throw new SamlError("malformed");
  }
  checkXml(Buffer.from(field, "base64"));
  return field;
}

/** As an XML processor reads it: line ends are one character (XML 1.0, 2.11), which the digests cover. */
export function decodeXml(field: string): string {
  return Buffer.from(field, "base64").toString("utf8").replaceAll(/\r\n?/g, "\n");
}

/**
 * The parser's time grows with the square of the number of elements: 48,000 of them, 190 kB that anybody may send,
 * hold a process for half a minute. 4,096 hold it for a fifth of a second, and leave room for 2,000 groups.
 */
const MOST_TAGS = 4_096;

/** Throws {@link SamlError} (`malformed`) for a message that would hold the process for long. */
export function checkMessage(xml: string, maxMessageBytes: number): void {
  const bytes = Buffer.from(xml);
  if (bytes.length > maxMessageBytes) throw new SamlError("malformed");
  checkXml(bytes);
}

/** Document types are refused before any library sees them: no SAML message has one. */
function checkXml(xml: Buffer): void {
  if (/<!DOCTYPE/i.test(xml.toString("latin1"))) throw new SamlError("malformed");
  let tags = 0;
  for (let at = xml.indexOf("<"); at >= 0; at = xml.indexOf("<", at + 1)) {
    tags += 1;
    if (tags > MOST_TAGS) throw new SamlError("malformed");
  }
}

/** Behind the first `?`, as it came; it may hold more of them (RFC 3986, 3.4). */
export function rawQuery(url: string): string {
  return /\?(.*)/s.exec(url)?.[1] ?? "";
}

const FIELDS = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"] as const;

/** SHA-1 and older are not accepted (OWASP SAML cheat sheet). */
const STRONG = /#(?:rsa|ecdsa)-sha(?:256|384|512)$/;

export interface RedirectMessage {
  readonly kind: "SAMLRequest" | "SAMLResponse";
  readonly container: Record<string, string>;
  readonly xml: string;
  /** Of the signature, and what it covers: the fields as they came, in the order of bindings 3.4.4.1. */
  readonly algorithm: string;
  readonly signature: string;
  readonly octets: string;
}

/**
 * A message by HTTP-Redirect, read from the raw query that its signature covers (bindings 3.4.4.1). Each field
 * once, under its plain name: node-saml looks for names anywhere in the query and takes a message without a
 * signature as good, so both are decided here.
 */
export function readRedirect(query: string, maxMessageBytes: number): RedirectMessage {
  const container: Record<string, string> = {};
  const raw: Record<string, string> = {};
  if (query.length > maxMessageBytes) throw new SamlError("malformed");
  for (const token of query.split("&")) {
    const at = token.indexOf("=");
    const name = decode(at < 0 ? token : token.slice(0, at));
    const isField = FIELDS.some((field) => name.includes(field));
    if (!isField) continue;
    const isPlain = FIELDS.some((field) => token.startsWith(`${field}=`));
    if (!isPlain || Object.hasOwn(container, name)) throw new SamlError("malformed");
    container[name] = decode(token.slice(at + 1));
    raw[name] = token;
  }
  const { SAMLRequest, SAMLResponse, RelayState, SigAlg } = raw;
  const covered = [SAMLRequest, SAMLResponse, RelayState, SigAlg].filter((token) => token !== undefined);
  return { ...checkRedirect(container, maxMessageBytes), octets: covered.join("&") };
}

function checkRedirect(
  container: Record<string, string>,
  maxMessageBytes: number,
): Omit<RedirectMessage, "octets"> {
  const { SAMLRequest, SAMLResponse, SigAlg, Signature } = container;
  if ((SAMLRequest === undefined) === (SAMLResponse === undefined)) throw new SamlError("malformed");
  if (!Signature || !SigAlg || !STRONG.test(SigAlg)) {
    throw new SamlError("refused", { cause: new Error("no signature, or one weaker than SHA-256") });
  }
  const xml = inflate(SAMLRequest ?? SAMLResponse ?? "", maxMessageBytes);
  checkXml(xml);
  return {
    kind: SAMLRequest === undefined ? "SAMLResponse" : "SAMLRequest",
    container,
    xml: xml.toString("utf8"),
    algorithm: SigAlg,
    signature: Signature,
  };
}

function inflate(field: string, mostBytes: number): Buffer {
  try {
    return inflateRawSync(Buffer.from(field, "base64"), { maxOutputLength: mostBytes });
  } catch (cause) {
    throw new SamlError("malformed", { cause });
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch (cause) {
    throw new SamlError("malformed", { cause });
  }
}
