import { cpus } from "node:os";
import { measureDecisions } from "./affinity/decisions.ts";
import { type FrameworkCost, measureFramework } from "./affinity/frameworks.ts";

/** What `@unstick/affinity` costs. `npm run build && npm run bench:affinity`. */
console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}\n`);

console.log("| the client shows | CPU µs a decision |\n|---|---:|");
for (const { shown, microseconds } of measureDecisions())
  console.log(`| ${shown} | ${microseconds.toFixed(2)} |`);

console.log("\n| framework, clients | bare req/s | with | ratio | bare CPU µs | with | ratio |");
console.log("|---|---:|---:|---:|---:|---:|---:|");
for (const framework of ["express", "koa"] as const) {
  for (const clients of ["bound", "new"] as const) printCost(await measureFramework(framework, clients));
}

function printCost(cost: FrameworkCost): void {
  const cells = [
    `${cost.framework}, ${cost.clients}`,
    cost.bareRequests.toFixed(0),
    cost.requests.toFixed(0),
    cost.throughputRatio.toFixed(3),
    cost.bareCpuMicroseconds.toFixed(1),
    cost.cpuMicroseconds.toFixed(1),
    cost.cpuRatio.toFixed(3),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
