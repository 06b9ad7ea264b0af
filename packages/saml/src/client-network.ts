import { isIPv6 } from "node:net";

/**
 * Whom to count a client by: an IPv4 address, or the /64 network of an IPv6 address, all of whose 2^64 addresses one
 * client has (RFC 6177, 7421). What is no address is taken as it is.
 */
export function networkOf(client: string): string {
  if (!isIPv6(client)) return client;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(client)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail = ""] = client.split("::", 2);
  const [left, right] = [head, tail].map((part) => part.split(":").filter((group) => group !== ""));
  const zeros = Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill("0");
  const groups = [...(left ?? []), ...zeros, ...(right ?? [])].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
