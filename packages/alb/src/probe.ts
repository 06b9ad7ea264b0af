import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { matchesStatus } from "./rules/health.ts";
import type { HealthCheck } from "./settings.ts";

/**
 * One health check. Resolves with what was wrong, in a few words, or with an empty text; never rejects.
 * [D] A new connection each time, closed afterwards; the user agent and the Host that AWS sends.
 */
export function probe(target: URL, check: HealthCheck, signal: AbortSignal): Promise<string> {
  const isHttps = target.protocol === "https:";
  const port = check.port ?? (target.port || (isHttps ? 443 : 80));
  const timeoutMs = timeoutSecondsOf(check, isHttps) * 1000;
  const options = {
    host: target.hostname.replace(/^\[|\]$/g, ""),
    port,
    path: check.path,
    headers: {
      host: `${target.hostname}:${port}`,
      "user-agent": "ELB-HealthChecker/2.0",
      connection: "close",
    },
    agent: false as const,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
  return new Promise((resolve) => {
    // [D] "The load balancer does not validate the certificates of targets".
    const request = isHttps ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.once("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(matchesStatus(status, check.matcher) ? "" : `answered ${status}, wanted ${check.matcher}`);
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(describeFailure(error, timeoutMs)));
    request.end();
  });
}

/** [D] 6 s, or 10 s over HTTPS (API; the 2023 guide says 5 s); a timeout must stay below the interval. */
function timeoutSecondsOf({ timeoutSeconds, intervalSeconds }: HealthCheck, isHttps: boolean): number {
  return timeoutSeconds ?? Math.min(isHttps ? 10 : 6, intervalSeconds - 1);
}

function describeFailure(error: NodeJS.ErrnoException, timeoutMs: number): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") return `no answer within ${timeoutMs} ms`;
  return error.code === "ECONNREFUSED" ? "connection refused" : (error.code ?? error.message);
}
