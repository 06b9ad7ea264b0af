import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";

type HeadFields = OutgoingHttpHeaders | readonly unknown[];

/** The forms of `writeHead`: `(status)`, `(status, fields)`, `(status, message, fields)`. */
export type WriteHeadArguments = readonly [
  status: number,
  messageOrFields?: string | HeadFields | null,
  fields?: HeadFields | null,
];

/**
 * Do what `writeHead` does, except for closing the head: status, message and fields are set on the response,
 * so that cookies can still be added and an error handler can still answer something else.
 * Fields override and repeat exactly as in Node's own `writeHead` (`lib/_http_server.js`).
 */
export function applyWriteHead(response: ServerResponse, args: WriteHeadArguments): void {
  const [status, messageOrFields, lastFields] = args;
  if (!isStatusCode(status)) throw statusCodeError(status);
  response.statusCode = Number(status);
  let fields = lastFields;
  if (typeof messageOrFields === "string") response.statusMessage = messageOrFields;
  else fields = messageOrFields ?? lastFields;
  if (fields !== undefined && fields !== null) applyFields(response, fields);
}

/**
 * The message that was set, if any. Only as an own property: on HTTP/2 it is an accessor of the prototype, and
 * even reading it warns that HTTP/2 has no such thing (RFC 9113 section 8.3.2).
 */
export function ownStatusMessage(response: ServerResponse): string | undefined {
  return Object.hasOwn(response, "statusMessage") ? response.statusMessage : undefined;
}

export function restoreStatusMessage(response: ServerResponse, message: string | undefined): void {
  if (message !== undefined) response.statusMessage = message;
  else if (Object.hasOwn(response, "statusMessage")) Reflect.deleteProperty(response, "statusMessage");
}

/** Make the head again what it was: its status, and its fields as `getHeaders()` gave them. */
export function restoreHead(response: ServerResponse, status: number, fields: OutgoingHttpHeaders): void {
  for (const name of response.getHeaderNames()) {
    if (!Object.hasOwn(fields, name)) response.removeHeader(name);
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && response.getHeader(name) !== value) response.setHeader(name, value);
  }
  response.statusCode = status;
  restoreStatusMessage(response, undefined);
}

/** As Node checks it: a number from 100 to 999 once the fraction is cut off. */
export function isStatusCode(status: unknown): boolean {
  const code = Number(status) | 0;
  return code >= 100 && code <= 999;
}

function statusCodeError(status: unknown): RangeError {
  return Object.assign(new RangeError(`Invalid status code: ${String(status)}`), {
    code: "ERR_HTTP_INVALID_STATUS_CODE",
  });
}

function applyFields(response: ServerResponse, fields: HeadFields): void {
  if (!Array.isArray(fields)) {
    for (const [name, value] of Object.entries(fields)) {
      if (name !== "") response.setHeader(name, value as OutgoingHttpHeader);
    }
    return;
  }
  const pairs = fieldPairs(fields);
  for (const [name] of pairs) response.removeHeader(name);
  for (const [name, value] of pairs) response.appendHeader(name, value);
}

/** Lists come flat (`["a", "1", "b", "2"]`) or nested (`[["a", "1"], ["b", "2"]]`). */
function fieldPairs(fields: readonly unknown[]): [string, string | readonly string[]][] {
  if (Array.isArray(fields[0])) return fields as [string, string][];
  if (fields.length % 2 !== 0) {
    throw Object.assign(new TypeError("The list of header fields has a name without a value"), {
      code: "ERR_INVALID_ARG_VALUE",
    });
  }
  const pairs: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) {
    pairs.push([fields[at] as string, fields[at + 1] as string]);
  }
  return pairs;
}
