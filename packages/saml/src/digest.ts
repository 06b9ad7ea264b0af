import { createHash } from "node:crypto";

/** Parts are length-prefixed, so that no two lists of parts give one text. 43 characters of `[A-Za-z0-9_-]`. */
export function digest(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("base64url");
}
