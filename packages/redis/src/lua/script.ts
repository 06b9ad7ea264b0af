import { createHash } from "node:crypto";

/** A Lua script whose text never changes: all data travels in KEYS and ARGV. */
export interface Script {
  readonly source: string;
  /** What `EVALSHA` calls it. */
  readonly sha: string;
}

/** Join the parts of a script; equal texts give equal hashes, so that all instances share one cached copy. */
export function script(...parts: readonly string[]): Script {
  const source = parts.map((part) => part.trim()).join("\n");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
