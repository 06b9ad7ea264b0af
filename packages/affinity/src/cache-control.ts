/** One directive, with a quoted value that may hold commas: RFC 9110 section 5.6.4. */
const directive = /\s*(?:([^\s=,;"]+)(\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,;"]*))?)?\s*(?:,|$)/y;

/** Directives that let a shared cache store, or that narrow `private` to some fields. */
const dropped = new Set(["public", "private", "s-maxage"]);

/**
 * The Cache-Control of a response that no shared cache may store (RFC 9111 section 5.2.2.7), with whatever else
 * the application said: a browser may go on caching. A value that cannot be read becomes `private, no-store`.
 */
export function withoutSharedStorage(value: string): string {
  const kept = ["private"];
  directive.lastIndex = 0;
  while (directive.lastIndex < value.length) {
    const match = directive.exec(value);
    if (match === null) return "private, no-store";
    const [, name = "", argument = ""] = match;
    if (name !== "" && !dropped.has(name.toLowerCase())) kept.push(name + argument);
  }
  return kept.join(", ");
}

/**
 * Headers that a cache obeys before Cache-Control: RFC 9213, and Surrogate-Control before it. On a response
 * that sets the cookie they go away, and Cache-Control decides.
 */
export const targetedCacheHeaders: readonly string[] = [
  "cdn-cache-control",
  "cloudflare-cdn-cache-control",
  "vercel-cdn-cache-control",
  "surrogate-control",
];
