import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";

export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** Neither a CORS preflight, which carries no cookie and keeps none, nor a health check, which has no jar. */
export function isOrdinary({ method, headers }: NodeRequest): boolean {
  return method !== "OPTIONS" && headers["user-agent"]?.startsWith("ELB-HealthChecker/") !== true;
}

export function isEncrypted(request: NodeRequest): boolean {
  return (request.socket as TLSSocket).encrypted === true;
}

/** A proxy that appends puts the client's own protocol first. */
export function wasForwardedFromHttps(request: NodeRequest): boolean {
  const forwarded = request.headers["x-forwarded-proto"];
  return typeof forwarded === "string" && forwarded.split(",", 1)[0]!.trim().toLowerCase() === "https";
}
