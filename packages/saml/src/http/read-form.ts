import type { IncomingMessage } from "node:http";
import { SamlError } from "../errors.ts";

/** What a POST carries: a form, or an envelope of the SOAP back channel. */
export interface Body {
  readonly form?: unknown;
  /** Rejects with {@link SamlError} (`malformed`) for an envelope that is too large. */
  readonly soap?: () => Promise<string>;
}

/**
 * `parsed`: what a body parser made of it, if there was one. Rejects with {@link SamlError} (`malformed`) for what is
 * neither, and beyond `mostBytes`.
 */
export async function readBody(request: IncomingMessage, parsed: unknown, mostBytes: number): Promise<Body> {
  if (request.method !== "POST") return {};
  const isSoap = /^text\/xml\s*(?:;|$)/i.test(request.headers["content-type"] ?? "");
  if (!isSoap) return { form: parsed ?? (await readForm(request, mostBytes)) };
  // Parsers of forms leave an empty object for what they do not read.
  const isText = typeof parsed === "string" || Buffer.isBuffer(parsed);
  return { soap: async () => (isText ? parsed.toString("utf8") : readText(request, mostBytes)) };
}

/** The fields of a form that a request carries, read up to a bound. A field that comes twice is malformed. */
async function readForm(request: IncomingMessage, mostBytes: number): Promise<Record<string, string>> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw new SamlError("malformed");
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(await readText(request, mostBytes))) {
    if (Object.hasOwn(form, name)) throw new SamlError("malformed");
    form[name] = value;
  }
  return form;
}

async function readText(request: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new SamlError("malformed");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
