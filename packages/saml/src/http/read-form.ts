import type { IncomingMessage } from "node:http";
import { SamlError } from "../errors.ts";

/** The fields of a form that a request carries, read up to a bound. A field that comes twice is malformed. */
export async function readForm(request: IncomingMessage, mostBytes: number): Promise<Record<string, string>> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw new SamlError("malformed");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new SamlError("malformed");
    chunks.push(chunk);
  }
  const form: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString("utf8"))) {
    if (Object.hasOwn(form, name)) throw new SamlError("malformed");
    form[name] = value;
  }
  return form;
}
