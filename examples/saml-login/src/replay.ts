import { type Explanation, inWords } from "./explanation.ts";
import type { Mode } from "./modes.ts";
import { Person } from "./person.ts";
import type { Askable } from "./who-am-i.ts";

/** What one instance did with an answer that somebody else had copied. */
export interface ReplayResult {
  readonly instance: string;
  /** What the thief read; null if the thief is in. */
  readonly error: string | null;
}

export interface Replay {
  readonly results: readonly ReplayResult[];
  readonly explanation: Explanation;
}

/**
 * Post an answer once more to every instance, each time from a new browser without a cookie: as whoever copied it on its
 * way would. Past the balancer, so that each instance has its turn.
 */
export async function replay(
  answer: string,
  publicUrl: string,
  instances: readonly Askable[],
): Promise<ReplayResult[]> {
  const results: ReplayResult[] = [];
  for (const { name, url, isRunning } of instances) {
    if (!isRunning) continue;
    const thief = new Person("thief@example.org", publicUrl);
    const error = await thief.present(answer, url);
    const isInside = (await thief.whoKnows(instances)).length > 0;
    results.push({
      instance: name,
      error: isInside ? null : (error ?? "The browser was sent on, signed out."),
    });
    thief.leave();
  }
  return results;
}

/** `isAccepted`: did the login that the answer belongs to succeed? */
export function explainReplay(
  results: readonly ReplayResult[],
  mode: Mode,
  isAccepted: boolean,
): Explanation {
  const accepting = results.filter(({ error }) => error === null).map(({ instance }) => instance);
  if (accepting.length > 0) {
    return {
      tone: "bad",
      headline: "The replay was accepted",
      sentences: [`Somebody else is now signed in as you, by instance ${inWords(accepting)}.`],
    };
  }
  const where = results.length === 1 ? "by the instance that is left" : "by every instance";
  return { tone: "good", headline: `The replay was refused, ${where}`, sentences: why(mode, isAccepted) };
}

function why(mode: Mode, isAccepted: boolean): string[] {
  if (!isAccepted) {
    return [
      "Your own login has failed, and the copied answer does no better: an instance that still waits for it gives it only to the browser that began, and to any other instance it is an answer that nobody asked for.",
    ];
  }
  if (mode.isShared) {
    return [
      "Your login left a mark in the state that all instances share: this answer was used. An answer is accepted once, wherever it is presented.",
      "From your own browser a second POST within a minute, by the back button, say, leads to where the first one led, and not to an error.",
    ];
  }
  return [
    "The instance that accepted your login remembers that the answer was used. The others refuse it because they know of no such login; they would refuse an honest one in the same way.",
  ];
}
