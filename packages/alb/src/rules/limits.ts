import { hasTooManyForwarders } from "./forwarded.ts";

/** [D] Limits of a request: line 16K, one header 16K, all headers 64K; of a response: all headers 32K. */
export const limits = {
  requestLine: 16_384,
  oneHeader: 16_384,
  allHeaders: 65_536,
  responseHeaders: 32_768,
} as const;

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly forwardedFor: string | undefined;
}

/** The status with which the balancer itself refuses a request, or null. */
export function refusalOf(head: RequestHead): number | null {
  // [D] "the client used the TRACE method, which is not supported".
  if (head.method === "TRACE") return 405;
  if (head.method.length + head.path.length + 11 > limits.requestLine) return 414;
  if (areHeadersTooLarge(head.rawHeaders)) return 400;
  return hasTooManyForwarders(head.forwardedFor) ? 463 : null;
}

export function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length + 2;
  return bytes;
}

function areHeadersTooLarge(rawHeaders: readonly string[]): boolean {
  if (headerBytes(rawHeaders) > limits.allHeaders) return true;
  return rawHeaders.some(
    (text, at) => at % 2 === 1 && text.length + (rawHeaders[at - 1]?.length ?? 0) + 2 > limits.oneHeader,
  );
}

/** What the parser of Node calls it, as the status an ALB answers. */
export function statusOfParserError(code: string | undefined): number {
  if (code === "HPE_INVALID_TRANSFER_ENCODING") return 501;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}
