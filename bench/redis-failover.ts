import { clients, type Fault, measureFailover } from "./redis/failover.ts";

/**
 * What a failover under Sentinel costs a writer: the pause it sees, and what was acknowledged and lost.
 * `npm run build && npm run redis-failover -w @unstick/bench` (about two minutes).
 */
const faults: readonly Fault[] = ["killed", "stopped for 9 s"];

console.log("| client | master | longest pause | acknowledged | of these lost |\n|---|---|---:|---:|---:|");
for (const fault of faults) {
  for (const [name, open] of Object.entries(clients)) {
    const { gapMs, acknowledged, lost } = await measureFailover(open, fault);
    const cells = [`${(gapMs / 1_000).toFixed(1)} s`, acknowledged, lost].join(" | ");
    console.log(`| ${name} | ${fault} | ${cells} |`);
  }
}
