import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { limits } from "../rules/limits.ts";

/** How targets are reached; AWS lets nobody change it. */
export interface UpstreamOptions {
  /** [D] Ten seconds to connect to a target (troubleshooting: HTTP 504). */
  readonly connectTimeoutMs: number;
}

const defaults: UpstreamOptions = { connectTimeoutMs: 10_000 };

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
export function openUpstream({ connectTimeoutMs }: UpstreamOptions = defaults): Upstream {
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
      return limitConnecting(request, connectTimeoutMs);
    },
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** The error of a target that could not be reached in time; everything else about a target is a 502. */
export class TargetTimeout extends Error {}

function limitConnecting(request: ClientRequest, timeoutMs: number): ClientRequest {
  request.once("socket", (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => request.destroy(new TargetTimeout("connect")), timeoutMs);
    const stop = (): void => clearTimeout(timer);
    socket.once("connect", stop).once("close", stop);
  });
  return request;
}
