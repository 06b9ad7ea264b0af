/** One line of the table: what was measured, what it must be, and what it was. */
export interface Row {
  readonly measure: string;
  readonly mustBe: string;
  readonly ours: string;
  /** The same measure taken of the packages that teams install today, in the same run. */
  readonly peer?: string;
  readonly held: boolean;
}

/** `faults` of so many `tries` of one subject. */
export interface Tally {
  readonly subject: string;
  readonly faults: number;
  readonly tries: number;
}

/** `0 of 100,002`, with every subject that has faults named. */
export function sayOurs(tallies: readonly Tally[]): string {
  const faulty = tallies.filter(({ faults }) => faults > 0);
  const named = faulty.map(sayOne).join(", ");
  return `${number(sum(tallies, "faults"))} of ${number(sum(tallies, "tries"))}${named && ` (${named})`}`;
}

/** `connect-redis 4,870 of 5,000 (97.4 %)`. */
export function sayPeers(tallies: readonly Tally[]): string {
  return tallies
    .map((tally) => `${sayOne(tally)} (${((100 * tally.faults) / tally.tries).toFixed(1)} %)`)
    .join("; ");
}

export function isFaultless(tallies: readonly Tally[]): boolean {
  return tallies.length > 0 && tallies.every(({ faults, tries }) => faults === 0 && tries > 0);
}

export function number(value: number): string {
  return value.toLocaleString("en");
}

export function formatTable(rows: readonly Row[]): string {
  const head = "| measure | must be | Unstick | peers, same run | held |\n|---|---|---|---|---|";
  const lines = rows.map(({ measure, mustBe, ours, peer, held }) => {
    return `| ${[measure, mustBe, ours, peer ?? "", held ? "yes" : "**NO**"].join(" | ")} |`;
  });
  return [head, ...lines].join("\n");
}

function sayOne({ subject, faults, tries }: Tally): string {
  return `${subject} ${number(faults)} of ${number(tries)}`;
}

function sum(tallies: readonly Tally[], what: "faults" | "tries"): number {
  return tallies.reduce((total, tally) => total + tally[what], 0);
}
