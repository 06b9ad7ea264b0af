import { inflateRawSync } from "node:zlib";
import { SamlError } from "../errors.ts";

/** A field of a form, base64: its size is bounded before anything reads it. */
export function readField(container: unknown, name: string, maxMessageBytes: number): string {
  const given = typeof container === "object" && container !== null ? container : {};
  const field = Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined;
  if (typeof field !== "string" || field.length > maxMessageBytes || !/^[A-Za-z0-9+/=\s]+$/.test(field)) {
    throw new SamlError("malformed");
  }
  return field;
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
  try {
    inflateRawSync(Buffer.from(SAMLRequest ?? SAMLResponse ?? "", "base64"), {
      maxOutputLength: maxMessageBytes,
    });
  } catch (cause) {
    throw new SamlError("malformed", { cause });
  }
  return {
    kind: SAMLRequest === undefined ? "SAMLResponse" : "SAMLRequest",
    container,
    relayState: RelayState,
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch (cause) {
    throw new SamlError("malformed", { cause });
  }
}
