import { measureTiming } from "./affinity/timing.ts";

/** Does the time of a forged cookie leak? `npm run build`, then `npm run affinity-timing -w bench [batches]`. */
const batches = Number(process.argv[2] ?? 60_000);
const rows = measureTiming(batches);
console.log(`${batches} batches each\n\n| comparison | t | |\n|---|---:|---|`);
for (const { subject, t, isWanted } of rows)
  console.log(`| ${subject} | ${t.toFixed(2)} | ${isWanted ? "as it should be" : "NOT as it should be"} |`);
process.exitCode = rows.every(({ isWanted }) => isWanted) ? 0 : 1;
