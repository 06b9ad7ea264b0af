import type { Assumptions } from "../assumptions.ts";
import type { ListenerSettings } from "../settings.ts";
import { withoutOwnCookies } from "./cookies.ts";
import { type Arrival, forwardedFor, forwardedHost } from "./forwarded.ts";
import { headerBytes } from "./limits.ts";
import { traceId } from "./trace-id.ts";

/** RFC 9110 section 7.6.1: headers of one connection, which end at the balancer. Transfer-Encoding is handled by itself. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "upgrade",
  "http2-settings",
]);

/** Written anew by the balancer. */
const rewritten: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-amzn-trace-id",
  "host",
  "cookie",
]);

/** [D] What `drop_invalid_header_fields` lets through. */
const validName = /^[-A-Za-z0-9]+$/;

export interface ForwardContext {
  readonly arrival: Arrival;
  readonly listener: ListenerSettings;
  readonly assume: Assumptions;
  readonly nowMs: number;
  readonly newTraceId: () => string;
}

/** The headers a target is sent, names and values in turn: the client's, in order, and the balancer's. */
export function requestHeaders(raw: readonly string[], context: ForwardContext): string[] {
  const { arrival, listener, assume } = context;
  const headers: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || rewritten.has(lower)) continue;
    if (listener.dropInvalidHeaderFields && !validName.test(name)) continue;
    headers.push(name, raw[at + 1] ?? "");
  }
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers.push(name, value);
  };
  const cookies = joined(raw, "cookie", "; ");
  add("Cookie", cookies === undefined || assume.cookiesReachTargets ? cookies : withoutOwnCookies(cookies));
  const trace = joined(raw, "x-amzn-trace-id", ";");
  add("X-Forwarded-For", forwardedFor(joined(raw, "x-forwarded-for", ", "), arrival, listener));
  add("X-Forwarded-Proto", arrival.isHttps ? "https" : "http");
  add("X-Forwarded-Port", String(arrival.listenerPort));
  add("Host", forwardedHost(joined(raw, "host", ",") ?? "", arrival, listener.preserveHostHeader));
  add("X-Amzn-Trace-Id", traceId(trace, headerBytes(raw), context.nowMs, context.newTraceId));
  return headers;
}

/** All values of a header as one, or `undefined`. */
export function joined(raw: readonly string[], lowerName: string, separator: string): string | undefined {
  const values = raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === lowerName);
  return values.length === 0 ? undefined : values.join(separator);
}
