import type { ListenerSettings } from "../settings.ts";

/** The connection a request came in on. */
export interface Arrival {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly listenerPort: number;
  readonly isHttps: boolean;
}

/** [D] X-Forwarded-For after `append`, `preserve` or `remove`; `undefined` is no such header. */
export function forwardedFor(
  given: string | undefined,
  arrival: Arrival,
  {
    xForwardedFor,
    xForwardedForClientPort,
  }: Pick<ListenerSettings, "xForwardedFor" | "xForwardedForClientPort">,
): string | undefined {
  if (xForwardedFor === "remove") return undefined;
  if (xForwardedFor === "preserve") return given;
  const client = xForwardedForClientPort ? withPort(arrival) : arrival.clientAddress;
  return given === undefined || given.trim() === "" ? client : `${given}, ${client}`;
}

/** [D] IPv6 is bracketed when the port is added, and plain otherwise. */
function withPort({ clientAddress, clientPort }: Arrival): string {
  return clientAddress.includes(":") ? `[${clientAddress}]:${clientPort}` : `${clientAddress}:${clientPort}`;
}

/** [D] More than 30 addresses in X-Forwarded-For are answered with 463. */
export function hasTooManyForwarders(given: string | undefined): boolean {
  return (given?.split(",").length ?? 0) > 30;
}

/** [D] The listener's default port is taken off the Host header, another one is put on; `preserveHostHeader` turns it off. */
export function forwardedHost(host: string, arrival: Arrival, isPreserved: boolean): string {
  if (isPreserved) return host;
  const port = /:(\d+)$/.exec(host)?.[1];
  const isDefault = arrival.listenerPort === (arrival.isHttps ? 443 : 80);
  if (port === undefined) return isDefault || host === "" ? host : `${host}:${arrival.listenerPort}`;
  return isDefault && port === String(arrival.listenerPort) ? host.slice(0, -port.length - 1) : host;
}
