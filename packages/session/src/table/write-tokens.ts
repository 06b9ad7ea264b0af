import type { WriteToken } from "../backend.ts";
import type { SeenWrites } from "./table.ts";

/** What the contract asks for ({@link WriteToken}); a session that lives for months must not grow by more. */
const SEQUENCES_OF_A_WRITER = 32;
const WRITERS_OF_A_SESSION = 16;

export function isSeen(writes: readonly SeenWrites[], token: WriteToken): boolean {
  return writes.some((seen) => seen.writer === token.writer && seen.sequences.includes(token.sequence));
}

/** Remember a write. The writer moves to the end; the one that was quiet longest is forgotten first. */
export function withToken(
  writes: readonly SeenWrites[],
  token: WriteToken | undefined,
): readonly SeenWrites[] {
  if (token === undefined) return writes;
  const known = writes.find((seen) => seen.writer === token.writer)?.sequences ?? [];
  const sequences = [...known, token.sequence].sort((a, b) => a - b).slice(-SEQUENCES_OF_A_WRITER);
  const others = writes.filter((seen) => seen.writer !== token.writer);
  return [...others, { writer: token.writer, sequences }].slice(-WRITERS_OF_A_SESSION);
}
