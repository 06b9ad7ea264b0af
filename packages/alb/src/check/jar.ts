/** Cookies of one client at one host, as a browser keeps them: enough to be sticky, or to find out why not. */
export class Jar {
  readonly #cookies: Map<
    string,
    { readonly value: string; readonly path: string; readonly endsAtMs: number }
  > = new Map();

  /** Take a Set-Cookie line; answers why it was refused, or null. */
  take(line: string, url: URL, nowMs: number): string | null {
    const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
    const cut = pair.indexOf("=");
    if (cut < 1) return "it has no name";
    const name = pair.slice(0, cut);
    const attributes = new Map(rest.map(readAttribute));
    const refusal = refusalOf(attributes, url);
    if (refusal !== null) return refusal;
    const path = attributes.get("path")?.startsWith("/") ? (attributes.get("path") ?? "/") : defaultPath(url);
    const endsAtMs = endOf(attributes, nowMs);
    if (endsAtMs <= nowMs) this.#cookies.delete(name);
    else this.#cookies.set(name, { value: pair.slice(cut + 1), path, endsAtMs });
    return null;
  }

  header(url: URL, nowMs: number): string {
    const fitting = [...this.#cookies].filter(
      ([, { path, endsAtMs }]) => endsAtMs > nowMs && matchesCookiePath(url.pathname, path),
    );
    return fitting.map(([name, { value }]) => `${name}=${value}`).join("; ");
  }
}

function readAttribute(text: string): [string, string] {
  const [name = "", ...value] = text.split("=");
  return [name.toLowerCase(), value.join("=")];
}

/** The rules of RFC 6265bis that a load balancer's or a sticky cookie can fall foul of. */
function refusalOf(attributes: ReadonlyMap<string, string>, url: URL): string | null {
  const isTrusted = url.protocol === "https:" || /^(localhost|127\..*|\[::1\])$/.test(url.hostname);
  if (attributes.has("secure") && !isTrusted) return "it is Secure, and this address is plain HTTP";
  const isNone = attributes.get("samesite")?.toLowerCase() === "none";
  if (isNone && !attributes.has("secure")) return "SameSite=None without Secure";
  const domain = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
  if (domain === undefined || domain === "") return null;
  const isOurs = url.hostname === domain || url.hostname.endsWith(`.${domain}`);
  return isOurs ? null : `its Domain ${domain} is not this host`;
}

function endOf(attributes: ReadonlyMap<string, string>, nowMs: number): number {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return nowMs + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get("expires") ?? "");
  return Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
}

/** RFC 6265 section 5.1.4. */
function defaultPath({ pathname }: URL): string {
  const cut = pathname.lastIndexOf("/");
  return cut <= 0 ? "/" : pathname.slice(0, cut);
}

function matchesCookiePath(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}
