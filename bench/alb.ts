import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";

/**
 * Who should move the emulator's bytes: Node's own `http` or a kept-up proxy library? Every way in turn, in several rounds of one
 * run, before the same two targets. `npm run build && npm run alb -w bench`.
 */
const ways = ["target alone", "alb", "alb, lb_cookie", "httpxy"] as const;
const rounds = 3;
const seconds = 4;

const children: ChildProcess[] = [];

async function launch(...args: string[]): Promise<string> {
  const child = fork(fileURLToPath(new URL("alb/server.ts", import.meta.url)), args, { stdio: "inherit" });
  children.push(child);
  const [url] = (await once(child, "message")) as [string];
  return url;
}

async function measure(url: string): Promise<number> {
  const result = await autocannon({ url, connections: 32, duration: seconds });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} bad answers, ${result.errors} errors`);
  return result.requests.average;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

try {
  console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}\n`);
  const targets = [await launch("target"), await launch("target")];
  const urls = new Map<string, string>();
  for (const way of ways)
    urls.set(way, way === "target alone" ? (targets[0] ?? "") : await launch(way, ...targets));
  console.log("| moved by | small answers, req/s | 1 MiB answers, req/s |\n|---|---:|---:|");
  const results = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [way, url] of urls) {
      for (const path of ["/", "/large"]) {
        const key = way + path;
        results.set(key, [...(results.get(key) ?? []), await measure(url + path)]);
      }
    }
  }
  for (const way of ways) {
    const [small, large] = ["/", "/large"].map((path) => median(results.get(way + path) ?? []).toFixed(0));
    console.log(`| ${way} | ${small} | ${large} |`);
  }
} finally {
  for (const child of children) child.kill();
}
