/** [D] Path conditions: case-sensitive, `*` for zero or more characters, `?` for exactly one; the query does not count. */
export function matchesPath(path: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const source = escaped.replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(path.split("?", 1)[0] ?? "");
}
