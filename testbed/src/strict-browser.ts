import { Cookie, CookieJar } from "tough-cookie";

/**
 * Whether a strict browser stores this Set-Cookie line as it was meant. tough-cookie does the parsing, the
 * domain match, the public suffixes and `__Host-`/`__Secure-`; the rest it does not check, so it is here.
 */
export async function isStored(line: string, url: string): Promise<boolean> {
  if (refusal(line, new URL(url)) !== null) return false;
  const jar = new CookieJar(undefined, { prefixSecurity: "strict" });
  await jar.setCookie(line, url, { ignoreError: true });
  const { cookies } = await jar.serialize();
  return cookies.length === 1;
}

/** What goes wrong when a strict browser gets the first line and then the second, which expires it; else null. */
export async function lost(set: string, expire: string, url: string): Promise<string | null> {
  const refused = refusal(set, new URL(url)) ?? refusal(expire, new URL(url));
  if (refused !== null) return refused;
  const jar = new CookieJar(undefined, { prefixSecurity: "strict" });
  await jar.setCookie(set, url, { ignoreError: true });
  if ((await jar.serialize()).cookies.length !== 1) return "not stored";
  await jar.setCookie(expire, url, { ignoreError: true });
  return (await jar.getCookies(url)).length === 0 ? null : "not expired";
}

/** RFC 6265bis section 5.7, the parts that tough-cookie leaves out, and what would be stored otherwise than meant. */
function refusal(line: string, { protocol }: URL): string | null {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const has = (name: string): string | undefined =>
    attributes
      .find((attribute) => attribute.split("=", 1)[0]!.toLowerCase() === name)
      ?.slice(name.length + 1);
  const name = pair.slice(0, pair.indexOf("=")).toLowerCase();
  const isSecure = has("secure") !== undefined;
  const rules: [boolean, string][] = [
    [[...line].some((character) => isControl(character.codePointAt(0)!)), "control character"],
    [!/^[\x21-\x7e ]*$/.test(line), "not ASCII"],
    [Buffer.byteLength(pair) - 1 > 4_096, "name and value over 4096"],
    [
      attributes.some((attribute) => attribute.length - attribute.indexOf("=") - 1 > 1_024),
      "attribute over 1024",
    ],
    [
      new Set(attributes.map((attribute) => attribute.split("=", 1)[0]!.toLowerCase())).size <
        attributes.length,
      "repeated",
    ],
    [isSecure && protocol !== "https:", "Secure over http"],
    [has("samesite") === "None" && !isSecure, "None without Secure"],
    [has("partitioned") !== undefined && !isSecure, "Partitioned without Secure"],
    [Number(has("max-age") ?? 0) > 400 * 86_400, "over 400 days"],
    [!/^\//.test(has("path") ?? ""), "path replaced"],
    [/^__(?:host|secure|http|host-http)-/.test(name) && !isSecure, "prefix without Secure"],
    [/^__(?:http|host-http)-/.test(name) && has("httponly") === undefined, "prefix without HttpOnly"],
    [/^__host-/.test(name) && (has("path") !== "/" || has("domain") !== undefined), "prefix and host"],
    [Cookie.parse(line) === undefined, "unreadable"],
  ];
  return rules.find(([isBroken]) => isBroken)?.[1] ?? null;
}

function isControl(code: number): boolean {
  return code < 0x20 || code === 0x7f;
}
