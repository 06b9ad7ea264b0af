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
  const writer = { writer: token.writer, sequences: withSequence(known, token.sequence) };
  if (writes.length === 1 && known.length > 0) return [writer];
  const others = writes.filter((seen) => seen.writer !== token.writer);
  return [...others, writer].slice(-WRITERS_OF_A_SESSION);
}

/** In ascending order: a writer's tokens mostly come in theirs. */
function withSequence(known: readonly number[], sequence: number): readonly number[] {
  if (sequence <= (known.at(-1) ?? Number.NEGATIVE_INFINITY)) {
    return [...known, sequence].sort((a, b) => a - b).slice(-SEQUENCES_OF_A_WRITER);
  }
  const kept = known.slice(known.length < SEQUENCES_OF_A_WRITER ? 0 : 1);
  kept.push(sequence);
  return kept;
}
