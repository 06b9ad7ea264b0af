import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";
import type { TargetView } from "./claim.ts";

/**
 * NLB `source_ip`. [D] One address goes to one target, users behind one NAT share it, and it may change whenever any
 * target's health changes or one is (de)registered: which is what a hash over the usable targets does.
 */
export function hashSourceAddress(address: string, usable: readonly TargetView[]): string | null {
  if (usable.length === 0) return null;
  const hash = createHash("sha256").update(address).digest().readUInt32BE();
  return usable[hash % usable.length]?.id ?? null;
}

/** nginx gives up after twenty rehashes and takes the next one in turn (ngx_http_upstream_ip_hash_module). */
const mostTries = 20;

/**
 * nginx's `ip_hash` over all registered targets in order: 113 as factor, 6271 as modulus, start 89; the first three octets of
 * IPv4, all of IPv6; a target that is out is passed over by hashing on. Null when round robin has to decide.
 */
export function hashLikeNginx(
  address: string,
  all: readonly TargetView[],
  usable: readonly TargetView[],
): string | null {
  const octets = addressOctets(address);
  const isUsable = new Set(usable.map(({ id }) => id));
  let hash = 89;
  for (let tries = 0; tries <= mostTries && all.length > 0; tries += 1) {
    for (const octet of octets) hash = (hash * 113 + octet) % 6271;
    const target = all[hash % all.length];
    if (target !== undefined && isUsable.has(target.id)) return target.id;
  }
  return null;
}

function addressOctets(address: string): readonly number[] {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (isIPv4(plain)) return plain.split(".").slice(0, 3).map(Number);
  return [...expandIPv6(plain)];
}

function expandIPv6(address: string): Buffer {
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  const all = [...front, ...(tail === undefined ? [] : zeros), ...back];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
