import type { ServerResponse } from "node:http";

/**
 * Make a response with a session cookie safe from caches: `Cache-Control: no-store` and `Vary: Cookie`
 * (ASVS 5.0 14.3.2; a cached Set-Cookie hands one user's session to the next, CVE-2023-30861).
 *
 * Answers false, and changes nothing, when the application made the response public for a time: then no
 * cookie may be put on it. `public, max-age=0`, which Express puts on every file it sends, is not such.
 */
export function keepFromCaches(response: ServerResponse): boolean {
  const control = fieldText(response, "cache-control");
  const isKept = isPrivate(control);
  if (!isKept && isShared(control)) return false;
  if (!isKept) response.setHeader("Cache-Control", "no-store");
  addVaryCookie(response);
  return true;
}

/** Whether a shared cache may answer others with it for some time (RFC 9111 sections 3 and 5.2.2). */
export function isSharedResponse(response: ServerResponse): boolean {
  return isShared(fieldText(response, "cache-control"));
}

function isShared(control: string): boolean {
  if (control === "" || !/(?:^|[\s,])(?:public|s-maxage)/i.test(control)) return false;
  if (isPrivate(control)) return false;
  const lifetime = /s-maxage="?(\d+)/i.exec(control) ?? /max-age="?(\d+)/i.exec(control);
  return lifetime === null || Number(lifetime[1]) > 0;
}

function isPrivate(control: string): boolean {
  return control !== "" && /(?:^|[\s,])(?:no-store|private)(?:[\s,=]|$)/i.test(control);
}

function addVaryCookie(response: ServerResponse): void {
  const vary = fieldText(response, "vary");
  if (vary === "") response.setHeader("Vary", "Cookie");
  else if (!/(?:^|[\s,])(?:cookie|\*)(?:[\s,]|$)/i.test(vary)) response.setHeader("Vary", `${vary}, Cookie`);
}

function fieldText(response: ServerResponse, name: string): string {
  const value = response.getHeader(name);
  return value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
}

/** Add a Set-Cookie field beside those of the application. */
export function appendSetCookie(response: ServerResponse, text: string): void {
  const others = response.getHeader("set-cookie");
  if (others === undefined) response.setHeader("Set-Cookie", text);
  else response.setHeader("Set-Cookie", [...(Array.isArray(others) ? others : [String(others)]), text]);
}
