import type { Algorithm } from "../options.ts";

/** What a routing algorithm may know of a target. */
export interface Candidate {
  readonly id: string;
  readonly inFlight: number;
  /** Its part of the traffic, 1 unless slow start holds it down; above 0. */
  readonly share: number;
}

/** The memory of a round robin: how far each target is behind its part. */
export type Turns = Readonly<Record<string, number>>;

export interface Pick {
  readonly id: string;
  readonly turns: Turns;
}

/** One of the candidates, of which there must be at least one. */
export function pick(
  algorithm: Algorithm,
  candidates: readonly Candidate[],
  turns: Turns,
  random: () => number,
): Pick {
  if (algorithm === "weighted_random") return { id: pickAtRandom(candidates, random), turns };
  return roundRobin(algorithm === "round_robin" ? candidates : leastOutstanding(candidates), turns);
}

/**
 * [D] `round_robin` is the default. Smooth weighted round robin: with equal shares the targets take turns in the order
 * of registration, and a share that slow start lets grow is followed without bursts. [I] AWS runs one such wheel in
 * every load balancer node; this is a balancer of one node.
 */
export function roundRobin(candidates: readonly Candidate[], turns: Turns): Pick {
  let best: { id: string; credit: number } | undefined;
  let total = 0;
  const next: Record<string, number> = {};
  for (const { id, share } of candidates) {
    const credit = (turns[id] ?? 0) + share;
    next[id] = credit;
    total += share;
    if (best === undefined || credit > best.credit) best = { id, credit };
  }
  if (best === undefined) throw new RangeError("there is no target to pick");
  next[best.id] = best.credit - total;
  return { id: best.id, turns: next };
}

/** [D] The lowest number of in-progress requests; [I] of several such targets, the one whose turn it is. */
function leastOutstanding(candidates: readonly Candidate[]): readonly Candidate[] {
  const least = Math.min(...candidates.map(({ inFlight }) => inFlight));
  return candidates.filter(({ inFlight }) => inFlight === least);
}

/** [D] "evenly across healthy targets, in a random order"; AWS's anomaly mitigation, which moves the weights, is not emulated. */
function pickAtRandom(candidates: readonly Candidate[], random: () => number): string {
  const at = Math.min(Math.floor(random() * candidates.length), candidates.length - 1);
  const found = candidates[at];
  if (found === undefined) throw new RangeError("there is no target to pick");
  return found.id;
}
