import { cpus, loadavg } from "node:os";
import { measureDecisions } from "./affinity/decisions.ts";
import { type FrameworkCost, measureFramework } from "./affinity/frameworks.ts";

/** What `@unstick/affinity` costs. `npm run build`, then `npm run affinity -w bench [rounds]`. */
const rounds = Number(process.argv[2] ?? 90);
const load = (): string => `load ${loadavg()[0]!.toFixed(1)}`;
console.log(
  `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}, ${load()}\n`,
);

console.log("| the client shows | CPU µs a decision |\n|---|---:|");
for (const { shown, microseconds } of measureDecisions())
  console.log(`| ${shown} | ${microseconds.toFixed(2)} |`);

console.log("\nRatios: above 1 is better than bare; of medians / median of those within a round.\n");
console.log(
  "| framework, clients | with | req/s | ratio | CPU µs a request | ratio |\n|---|---|---:|---:|---:|---:|",
);
for (const framework of ["express", "koa"] as const) {
  for (const clients of ["kept", "new"] as const) {
    for (const cost of await measureFramework(framework, clients, rounds))
      print(`${framework}, ${clients}`, cost);
  }
}
console.log(`\n${rounds} rounds each, ${load()}`);

function print(title: string, cost: FrameworkCost): void {
  const { subject, requestsPerSecond, requestsRatio, cpuMicroseconds, cpuRatio } = cost;
  const ratios = [requestsRatio, cpuRatio].map(
    ({ ofMedians, pairwise }) => `${ofMedians.toFixed(3)} / ${pairwise.toFixed(3)}`,
  );
  const figures = [requestsPerSecond.toFixed(0), ratios[0], cpuMicroseconds.toFixed(1), ratios[1]];
  console.log(`| ${[title, subject, ...figures].join(" | ")} |`);
}
