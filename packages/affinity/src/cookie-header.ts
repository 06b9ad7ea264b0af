const semicolon = 0x3b;
const space = 0x20;
const tab = 0x09;
const quote = 0x22;
const none: readonly string[] = [];

/**
 * The values of the first `limit` cookies of this name, in the header's order. A subdomain can set a cookie of
 * the same name for the parent domain, and RFC 6265 section 4.2.2 lets nobody rely on their order. Linear in
 * the header, whatever it holds; nothing is decoded, since a value of ours has nothing to decode. `needle` is the
 * name with its `=`, put together once and not at each request.
 */
export function readCookie(header: string, needle: string, limit: number): readonly string[] {
  let values = none;
  let at = header.indexOf(needle);
  while (at !== -1 && values.length < limit) {
    const start = at + needle.length;
    if (!startsPair(header, at)) {
      at = header.indexOf(needle, start);
      continue;
    }
    const end = header.indexOf(";", start);
    const value = trimmed(header, start, end === -1 ? header.length : end);
    // A list that grows by push() has room for seventeen; nearly all have one.
    values = values.length === 0 ? [value] : [...values, value];
    at = end === -1 ? -1 : header.indexOf(needle, end);
  }
  return values;
}

/**
 * The client shows that the balancer lost its half of the pair: `AWSALBAPP-0=_remove_` is what ALB writes when
 * a response held no application cookie (captured; the user guide does not mention it).
 */
export function showsLostPair(header: string): boolean {
  if (!header.includes("AWSALBAPP-0=_remove_")) return false;
  return readCookie(header, "AWSALBAPP-0=", 8).includes("_remove_");
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before--;
  return before < 0 || header.charCodeAt(before) === semicolon;
}

function trimmed(header: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (to > from && isBlank(header.charCodeAt(to - 1))) to--;
  if (to - from >= 2 && header.charCodeAt(from) === quote && header.charCodeAt(to - 1) === quote) {
    from++;
    to--;
  }
  return header.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === space || code === tab;
}
