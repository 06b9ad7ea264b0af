/** The longest target: cookies and Location headers bear more, and no application's own address needs it. */
const MOST_CHARACTERS = 2_048;

/**
 * Where a browser may be sent after a login: an address of the application's own origin, or of `allowed`;
 * anything else becomes `fallback`. What is answered is absolute, so that a path that begins with two slashes
 * cannot name another host. Backslashes, control characters and white space are refused before anything is
 * parsed, because browsers and servers read them differently.
 */
export function safeTarget(
  given: unknown,
  origin: string,
  allowed: readonly string[],
  fallback: string,
): string {
  const target = readTarget(given, origin);
  if (target === undefined) return fallback;
  return target.origin === origin || allowed.includes(target.origin) ? target.href : fallback;
}

function readTarget(given: unknown, origin: string): URL | undefined {
  if (typeof given !== "string" || given === "" || given.length > MOST_CHARACTERS) return undefined;
  if (/[^\x21-\x7e]|[\\<>"^`{|}]/.test(given)) return undefined;
  const isPath = given.startsWith("/") && !given.startsWith("//");
  if (!isPath && !/^https?:\/\/[^/]/i.test(given)) return undefined;
  if (!URL.canParse(given, origin)) return undefined;
  const url = new URL(given, origin);
  return url.username === "" && url.password === "" ? url : undefined;
}
