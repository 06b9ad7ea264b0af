/** Every value of a cookie in a Cookie header, in the order sent (RFC 6265 section 5.4). */
export function cookieValues(cookieHeader: string, name: string): readonly string[] {
  const found: string[] = [];
  for (const pair of cookieHeader.split(";")) {
    const cut = pair.indexOf("=");
    if (cut > 0 && pair.slice(0, cut).trim() === name) found.push(pair.slice(cut + 1).trim());
  }
  return found;
}

export function hasCookie(cookieHeader: string, name: string): boolean {
  return cookieValues(cookieHeader, name).length > 0;
}

/** The name that a Set-Cookie line sets. */
export function setCookieName(line: string): string {
  return line.slice(0, Math.max(line.indexOf("="), 0)).trim();
}

/** The cookies that a balancer makes itself; AWS reserves the names by prefix. */
const ownCookie = /^AWS(?:ALB|ELB)/;

/** The Cookie header without the balancer's own cookies; `undefined` when nothing is left. */
export function withoutOwnCookies(cookieHeader: string): string | undefined {
  const others = cookieHeader
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "" && !ownCookie.test(pair));
  return others.length === 0 ? undefined : others.join("; ");
}
