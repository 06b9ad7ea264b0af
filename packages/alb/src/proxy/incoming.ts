import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Balancer } from "../balancer.ts";
import type { RequestView } from "../rules/claim.ts";
import type { Arrival } from "../rules/forwarded.ts";
import type { RequestHead } from "../rules/limits.ts";
import { joined, requestHeaders } from "../rules/request-headers.ts";
import type { UpstreamCall } from "./upstream.ts";

export function headOf(request: IncomingMessage): RequestHead {
  const { method = "GET", url: path = "/", rawHeaders } = request;
  return { method, path, rawHeaders, forwardedFor: joined(rawHeaders, "x-forwarded-for", ",") };
}

export function viewOf(request: IncomingMessage): RequestView {
  return {
    cookies: request.headers.cookie ?? "",
    userAgent: request.headers["user-agent"] ?? "",
    clientAddress: plainAddress(request.socket.remoteAddress ?? ""),
    path: request.url ?? "/",
  };
}

export function headersFor({ settings }: Balancer, request: IncomingMessage): string[] {
  const arrival: Arrival = {
    clientAddress: plainAddress(request.socket.remoteAddress ?? ""),
    clientPort: request.socket.remotePort ?? 0,
    listenerPort: request.socket.localPort ?? 0,
    isHttps: settings.tls !== undefined,
  };
  const newTraceId = (): string => randomUUID().replaceAll("-", "").slice(0, 24);
  const { listener, assume } = settings;
  return requestHeaders(request.rawHeaders, { arrival, listener, assume, nowMs: Date.now(), newTraceId });
}

/** A dual-stack socket shows IPv4 clients as mapped IPv6 addresses. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** Node would send a POST without any body chunked; the client said that it has none (RFC 9112 section 6.3). */
export function withFraming(call: UpstreamCall): UpstreamCall {
  if (["GET", "HEAD", "DELETE", "OPTIONS"].includes(call.method)) return call;
  const isFramed = call.headers.some(
    (text, at) => at % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(text),
  );
  return isFramed ? call : { ...call, headers: [...call.headers, "Content-Length", "0"] };
}
