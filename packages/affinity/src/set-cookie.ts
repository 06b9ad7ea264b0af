import { targetedCacheHeaders, withoutSharedStorage } from "./cache-control.ts";
import type { Head } from "./response-head.ts";

/**
 * Adds one cookie to a head. Other cookies stay; one of the same name gives way, since a response should not
 * set a name twice (RFC 6265 section 4.1.1). No shared cache may store the head: it would hand one client's
 * binding to everybody.
 */
export function setCookie(head: Head, name: string, cookie: string): void {
  const others = head.read("Set-Cookie").filter((other) => cookieNameOf(other) !== name);
  head.write("Set-Cookie", [...others, cookie]);
  head.write("Cache-Control", [withoutSharedStorage(head.read("Cache-Control").join(", "))]);
  for (const header of targetedCacheHeaders) {
    if (head.read(header).length > 0) head.write(header, []);
  }
}

function cookieNameOf(cookie: string): string {
  return /^[^=;]*/.exec(cookie)![0].trim();
}
