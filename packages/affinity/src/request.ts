import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";

export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** The Cookie header, whole: of several, in the order in which they came, one, as Node makes it. */
export function cookieHeader(request: NodeRequest): string | undefined {
  return field(request, "cookie", "Cookie", "; ");
}

/** Neither a CORS preflight, which carries no cookie and keeps none, nor a health check, which has no jar. */
export function isOrdinary(request: NodeRequest): boolean {
  if (request.method === "OPTIONS") return false;
  return field(request, "user-agent", "User-Agent", "")?.startsWith("ELB-HealthChecker/") !== true;
}

/**
 * A field as it came. Node parses all into `headers` when somebody first asks, which takes longer than all else that a
 * kept client costs. `usual`: how it is mostly written; `between`: its lines, or "" where only the first counts.
 */
function field(request: NodeRequest, name: string, usual: string, between: string): string | undefined {
  const { rawHeaders } = request;
  // A request that somebody made up may have nothing but `headers`.
  if (!Array.isArray(rawHeaders) || rawHeaders.length === 0)
    return request.headers[name] as string | undefined;
  let value: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] as string;
    if (key.length !== name.length) continue;
    if (key !== usual && key !== name && key.toLowerCase() !== name) continue;
    const line = rawHeaders[at + 1] as string;
    if (value === undefined) value = line;
    else if (between !== "") value += between + line;
  }
  return value;
}

export function isEncrypted(request: NodeRequest): boolean {
  return (request.socket as TLSSocket).encrypted === true;
}

/** A proxy that appends puts the client's own protocol first. */
export function wasForwardedFromHttps(request: NodeRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return typeof forwarded === "string" && forwarded.split(",", 1)[0]!.trim().toLowerCase() === "https";
}
