import type { WriteToken } from "../backend.ts";
import type { SeenWrites } from "./table.ts";

/** What the contract asks for ({@link WriteToken}). */
const SEQUENCES_OF_A_WRITER = 32;
const WRITERS_OF_A_SESSION = 16;
/**
 * So many are kept until they are cut to those: to cut and copy them with each write would take most of its time. A
 * session that lives for months grows by no more.
 */
const MOST_SEQUENCES = 2 * SEQUENCES_OF_A_WRITER;

export function isSeen(writes: readonly SeenWrites[], token: WriteToken): boolean {
  for (const { writer, sequences, count = sequences.length } of writes) {
    if (writer === token.writer)
      return (
        token.sequence <= highest(sequences, count) && sequences.lastIndexOf(token.sequence, count - 1) >= 0
      );
  }
  return false;
}

/** Remember a write. The writer moves to the end; the one that was quiet longest is forgotten first. */
export function withToken(
  writes: readonly SeenWrites[],
  token: WriteToken | undefined,
): readonly SeenWrites[] {
  if (token === undefined) return writes;
  const known = writes.find((seen) => seen.writer === token.writer);
  if (known === undefined) {
    const writer = { writer: token.writer, sequences: [token.sequence], count: 1 };
    return [...writes, writer].slice(-WRITERS_OF_A_SESSION);
  }
  const writer = withSequence(known, token.sequence);
  return writes.length === 1 ? [writer] : [...writes.filter((seen) => seen !== known), writer];
}

/** A writer's tokens mostly come in their order, and then a list is only added to, behind what others see of it. */
function withSequence(
  { writer, sequences, count = sequences.length }: SeenWrites,
  sequence: number,
): SeenWrites {
  if (sequence > highest(sequences, count) && sequences.length === count && count < MOST_SEQUENCES) {
    sequences.push(sequence);
    return { writer, sequences, count: count + 1 };
  }
  const all = [...sequences.slice(0, count), sequence];
  if (sequence < highest(sequences, count)) all.sort((a, b) => a - b);
  const kept = all.slice(-SEQUENCES_OF_A_WRITER);
  return { writer, sequences: kept, count: kept.length };
}

function highest(sequences: readonly number[], count: number): number {
  return sequences[count - 1] ?? Number.NEGATIVE_INFINITY;
}
