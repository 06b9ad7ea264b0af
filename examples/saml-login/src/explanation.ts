/** Something that happened, in words for the page. */
export interface Explanation {
  readonly tone: "idle" | "waiting" | "good" | "bad";
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** `["A", "B", "C"]` as `A, B and C`. */
export function inWords(items: readonly string[]): string {
  const last = items.at(-1) ?? "nobody";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} and ${last}`;
}
