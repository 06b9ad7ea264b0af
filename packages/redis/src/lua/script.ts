import { createHash } from "node:crypto";

interface Text {
  readonly source: string;
  /** What `EVALSHA` calls it. */
  readonly sha: string;
}

/** A Lua script whose text never changes: all data travels in KEYS and ARGV. */
export interface Script extends Text {
  /** The same script with a first line that declares something of it; Redis 6.2 cannot read that line. */
  readonly declared?: Text;
}

/** Join the parts of a script; equal texts give equal hashes, so that all instances share one cached copy. */
export function script(...parts: readonly string[]): Script {
  return textOf(parts.map((part) => part.trim()).join("\n"));
}

/**
 * A script that only reads. From Redis 7.0 on it says so (redis.io: "Script flags", Eval scripts), and is then answered
 * while a planned failover holds up writes. Not by `EVALSHA_RO`: what a client sends to replicas, if it
 * is told to send reads there, it tells by the command's name, and a replica may not have yet what the same browser has
 * just written.
 */
export function readingScript(...parts: readonly string[]): Script {
  const plain = script(...parts);
  return { ...plain, declared: textOf(`#!lua flags=no-writes\n${plain.source}`) };
}

/** Whether an error of `EVAL` says that the server cannot read what a script declares. */
export function isUnknownDeclaration(error: unknown): boolean {
  return error instanceof Error && /compiling script|shebang/i.test(error.message);
}

function textOf(source: string): Text {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
