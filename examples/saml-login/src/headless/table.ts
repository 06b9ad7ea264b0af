import type { Figures } from "./tally.ts";

const columns: readonly [title: string, cell: (figures: Figures) => string][] = [
  ["mode", ({ title }) => title],
  ["logins", ({ tried }) => `${tried}`],
  ["succeeded", ({ succeeded }) => `${succeeded}`],
  ["failed", ({ failed }) => `${failed}`],
  ["sessions lost at the kill", (figures) => `${figures.sessionsLost} of ${figures.sessionsBeforeKill}`],
  ["replays accepted", (figures) => `${figures.replaysAccepted} of ${figures.replays}`],
  ["alive after logout", (figures) => `${figures.aliveAfterLogout} of ${figures.loggedOut}`],
  ["requests A/B/C", ({ requests, killed }) => requestCells(requests, killed)],
  ["imbalance", ({ imbalance }) => imbalance.toFixed(2)],
];

/** The table of a headless run; † marks the instance that was killed. Below it, each error with its count. */
export function renderTable(figures: readonly Figures[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...figures.map((one) => columns.map(([, cell]) => cell(one))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(head), rule, ...body.map(line), "", ...figures.flatMap(errorLines)].join("\n");
}

function requestCells(requests: Readonly<Record<string, number>>, killed: string): string {
  return Object.entries(requests)
    .map(([name, each]) => `${each}${name === killed ? "†" : ""}`)
    .join(" / ");
}

function errorLines({ title, errors }: Figures): string[] {
  const entries = Object.entries(errors).toSorted(([, a], [, b]) => b - a);
  return entries.map(([error, times]) => `${title}: ${times} × "${error}"`);
}
