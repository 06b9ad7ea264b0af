import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { limits } from "../rules/limits.ts";

/** How targets are reached; AWS lets nobody change it. */
export interface UpstreamOptions {
  /** [D] Ten seconds to connect to a target (troubleshooting: HTTP 504). */
  readonly connectTimeoutMs?: number;
  /** [D] Ten more for the TLS handshake with it (troubleshooting: HTTP 502). */
  readonly handshakeTimeoutMs?: number;
}

type Timeouts = Required<UpstreamOptions>;

const defaults: Timeouts = { connectTimeoutMs: 10_000, handshakeTimeoutMs: 10_000 };

export interface UpstreamCall {
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/** The connections to the targets, kept alive and shared by all clients. */
export interface Upstream {
  call(target: URL, call: UpstreamCall): ClientRequest;
  close(): void;
}

/** Node's own HTTP client. bench/alb-proxy.ts has the comparison with proxy libraries that settled this. */
export function openUpstream(options: UpstreamOptions = {}): Upstream {
  const timeouts = { ...defaults, ...options };
  const agentOptions = { keepAlive: true, scheduling: "lifo" } as const;
  const http = new HttpAgent(agentOptions);
  // [D] An ALB does not validate the certificates of its targets.
  const https = new HttpsAgent({ ...agentOptions, rejectUnauthorized: false });
  return {
    call: (target, { method, path, headers }) => {
      const isHttps = target.protocol === "https:";
      const request = (isHttps ? httpsRequest : httpRequest)({
        agent: isHttps ? https : http,
        host: target.hostname.replace(/^\[|\]$/g, ""),
        port: target.port || (isHttps ? 443 : 80),
        method,
        path,
        headers: [...headers],
        maxHeaderSize: limits.responseHeaders,
      });
      request.once("socket", (socket) => {
        if (socket.connecting) limitConnecting(request, socket, isHttps, timeouts);
      });
      return request;
    },
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** The error of a target that could not be reached in time; everything else about a target is a 502. */
export class TargetTimeout extends Error {}

function limitConnecting(request: ClientRequest, socket: Socket, isHttps: boolean, timeouts: Timeouts): void {
  const { connectTimeoutMs, handshakeTimeoutMs } = timeouts;
  const limit = (event: string, timeoutMs: number, error: Error): void => {
    const timer = setTimeout(() => request.destroy(error), timeoutMs);
    const stop = (): void => clearTimeout(timer);
    socket.once(event, stop).once("close", stop);
  };
  limit("connect", connectTimeoutMs, new TargetTimeout("connect"));
  if (!isHttps) return;
  socket.once("connect", () => limit("secureConnect", handshakeTimeoutMs, new Error("TLS handshake")));
}
