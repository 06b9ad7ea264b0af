import { inflateRawSync } from "node:zlib";
import { SamlError } from "../errors.ts";

/** A field of a form, base64: its size is bounded before anything reads it. */
export function readField(container: unknown, name: string, maxMessageBytes: number): string {
  const given = typeof container === "object" && container !== null ? container : {};
  const field = Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined;
  if (typeof field !== "string" || field.length > maxMessageBytes || !/^[A-Za-z0-9+/=\s]+$/.test(field)) {
    throw new SamlError("malformed");
  }
  checkTags(Buffer.from(field, "base64"));
  return field;
}

/**
 * The parser's time grows with the square of the number of elements: 48,000 of them, 190 kB that anybody may send,
 * hold a process for half a minute. 4,096 hold it for a fifth of a second, and leave room for 2,000 groups.
 */
const MOST_TAGS = 4_096;

/** Throws {@link SamlError} (`malformed`) for a message that would hold the process for long. */
export function checkMessage(xml: string, maxMessageBytes: number): void {
  const bytes = Buffer.from(xml);
  if (bytes.length > maxMessageBytes || /<!DOCTYPE/i.test(xml)) throw new SamlError("malformed");
  checkTags(bytes);
}

function checkTags(xml: Buffer): void {
  let tags = 0;
  for (let at = xml.indexOf("<"); at >= 0; at = xml.indexOf("<", at + 1)) {
    tags += 1;
    if (tags > MOST_TAGS) throw new SamlError("malformed");
  }
}

const FIELDS = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"] as const;

/** SHA-1 and older are not accepted (OWASP SAML cheat sheet). */
const STRONG = /#(?:rsa|ecdsa)-sha(?:256|384|512)$/;

export interface RedirectMessage {
  readonly kind: "SAMLRequest" | "SAMLResponse";
  readonly container: Record<string, string>;
  readonly relayState: string | undefined;
}

/**
 * A message by HTTP-Redirect, read from the raw query that its signature covers (bindings 3.4.4.1). Each field
 * once, under its plain name: node-saml looks for names anywhere in the query and takes a message without a
 * signature as good, so both are decided here.
 */
export function readRedirect(query: string, maxMessageBytes: number): RedirectMessage {
  const container: Record<string, string> = {};
  if (query.length > maxMessageBytes) throw new SamlError("malformed");
  for (const token of query.split("&")) {
    const at = token.indexOf("=");
    const name = decode(at < 0 ? token : token.slice(0, at));
    const isField = FIELDS.some((field) => name.includes(field));
    if (!isField) continue;
    const isPlain = FIELDS.some((field) => token.startsWith(`${field}=`));
    if (!isPlain || Object.hasOwn(container, name)) throw new SamlError("malformed");
    container[name] = decode(token.slice(at + 1));
  }
  return checkRedirect(container, maxMessageBytes);
}

function checkRedirect(container: Record<string, string>, maxMessageBytes: number): RedirectMessage {
  const { SAMLRequest, SAMLResponse, SigAlg, Signature, RelayState } = container;
  if ((SAMLRequest === undefined) === (SAMLResponse === undefined)) throw new SamlError("malformed");
  if (!Signature || !SigAlg || !STRONG.test(SigAlg)) {
    throw new SamlError("refused", { cause: new Error("no signature, or one weaker than SHA-256") });
  }
  checkTags(inflate(SAMLRequest ?? SAMLResponse ?? "", maxMessageBytes));
  return {
    kind: SAMLRequest === undefined ? "SAMLResponse" : "SAMLRequest",
    container,
    relayState: RelayState,
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
