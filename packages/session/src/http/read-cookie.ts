/** How many cookies of one name are looked at: a neighbouring domain can plant some, not all day long. */
const MOST_VALUES = 8;

/**
 * The values of the cookies called `name`, in the order of the `Cookie` header, at most eight. Names of
 * neighbouring domains and paths may repeat and their order tells nothing (RFC 6265bis section 5.8.3), so the
 * caller tries each. Values are given as they stand, without surrounding quotes. Linear in the header.
 */
export function readCookies(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  if (header === undefined) return values;
  let at = 0;
  while (at < header.length && values.length < MOST_VALUES) {
    const found = header.indexOf(name, at);
    if (found === -1) break;
    at = found + name.length;
    if (header[at] !== "=" || !isPairStart(header, found)) continue;
    const end = pairEnd(header, at + 1);
    values.push(unquote(header.slice(at + 1, end).trim()));
    at = end;
  }
  return values;
}

/** A pair begins the header or follows `;` and blanks. */
function isPairStart(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && (header[before] === " " || header[before] === "\t")) before -= 1;
  return before < 0 || header[before] === ";";
}

function pairEnd(header: string, from: number): number {
  const end = header.indexOf(";", from);
  return end === -1 ? header.length : end;
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** Percent-decoding that leaves alone what is not percent-encoded text. */
export function decodeValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
