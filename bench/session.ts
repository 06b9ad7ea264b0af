import { cpus } from "node:os";
import { startRedis } from "@unstick/testbed";
import { compare, type Framework, knownMicroseconds, median, type Run } from "./session/compare.ts";

/**
 * What `session()` costs beside express-session and koa-session. `npm run build && npm run session -w bench`.
 * Ends with 1 when a figure is not what it must be.
 */
const frameworks = ["express", "koa"] as const satisfies readonly Framework[];
const paths = ["/read", "/write"] as const;
const peers = { express: "express-session", koa: "koa-session" };
const mostOfPeersCpu = 1 / 3;
const leastOfPeersThroughput = 1.3;

console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}\n`);
for (const framework of frameworks) await printCalibration(framework);
console.log("\nCPU µs a request, memory\n");
console.log(
  "| framework | request | bare | Unstick adds | peer adds | share | must be at most |\n|---|---|---:|---:|---:|---:|---:|",
);
for (const framework of frameworks) for (const path of paths) await printCpu(framework, path);

console.log("\nRequests a second, Redis on loopback\n");
console.log(
  "| framework | request | Unstick | peer | ratio | must be at least |\n|---|---|---:|---:|---:|---:|",
);
const redis = await startRedis();
try {
  for (const framework of frameworks)
    for (const path of paths) await printThroughput(framework, path, redis.url);
} finally {
  await redis.stop();
}

/** Whether CPU time is told rightly: that of a middleware that spends a known time. */
async function printCalibration(framework: Framework): Promise<void> {
  const plan = { kinds: ["bare", "known"], rounds: 9, requests: 5_000, isAwake: true } as const;
  const rounds = await compare(framework, "memory", "/read", plan);
  const added = median(rounds.map(({ known, bare }) => known.cpuMicroseconds - bare.cpuMicroseconds));
  console.log(`${framework}: ${knownMicroseconds} µs that are spent are measured as ${added.toFixed(1)} µs`);
}

async function printCpu(framework: Framework, path: "/read" | "/write"): Promise<void> {
  const plan = { kinds: ["bare", "ours", "peer"], rounds: 21, requests: 3_000, isAwake: true } as const;
  const rounds = await compare(framework, "memory", path, plan);
  const of = (pick: (run: Record<"bare" | "ours" | "peer", Run>) => number): number =>
    median(rounds.map(pick));
  const bare = of((run) => run.bare.cpuMicroseconds);
  // Within a round, whose bare run met the same neighbours on the machine.
  const ours = of((run) => run.ours.cpuMicroseconds - run.bare.cpuMicroseconds);
  const peer = of((run) => run.peer.cpuMicroseconds - run.bare.cpuMicroseconds);
  const share = ours / peer;
  if (!(share <= mostOfPeersCpu)) process.exitCode = 1;
  const cells = [bare, ours, peer].map((cost) => cost.toFixed(1));
  console.log(
    `| ${framework} (${peers[framework]}) | ${path} | ${cells.join(" | ")} | ${share.toFixed(2)} | ${mostOfPeersCpu.toFixed(2)} |`,
  );
}

async function printThroughput(framework: Framework, path: "/read" | "/write", url: string): Promise<void> {
  const plan = { kinds: ["ours", "peer"], rounds: 9, requests: 5_000, isAwake: false } as const;
  const rounds = await compare(framework, url, path, plan);
  const ratio = median(rounds.map(({ ours, peer }) => ours.perSecond / peer.perSecond));
  const cells = (["ours", "peer"] as const).map((kind) =>
    median(rounds.map((run) => run[kind].perSecond)).toFixed(0),
  );
  if (!(ratio >= leastOfPeersThroughput)) process.exitCode = 1;
  console.log(
    `| ${framework} (${peers[framework]}) | ${path} | ${cells.join(" | ")} | ${ratio.toFixed(2)} | ${leastOfPeersThroughput} |`,
  );
}
