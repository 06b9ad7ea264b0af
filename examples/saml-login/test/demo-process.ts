import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { waitUntil } from "@unstick/testbed";
import type { Scene } from "../src/page/scene.ts";

const start = fileURLToPath(new URL("../start.mjs", import.meta.url));
/** Its `paths` lead to the sources of the packages, so that nothing has to be built. */
const sources = fileURLToPath(new URL("../../../tsconfig.json", import.meta.url));

export interface DemoProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** `npm run demo -- …`, without npm. */
export function runDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): DemoProcess {
  const child = spawn(process.execPath, [start, ...args], {
    env: { ...process.env, REDIS_URL: "", ...env, TSX_TSCONFIG_PATH: sources },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on("data", (chunk) => out.push(String(chunk)));
  child.stderr.on("data", (chunk) => err.push(String(chunk)));
  const killWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const ended = once(child, "close").then(() => {
    process.off("exit", killWithUs);
    return child.exitCode ?? child.signalCode ?? "";
  });
  return { child, stdout: () => out.join(""), stderr: () => err.join(""), ended };
}

/** The demo with its page, when it has printed its address. */
export async function openDemo(args: readonly string[]): Promise<DemoProcess & { readonly url: string }> {
  const demo = runDemo(["--no-open", ...args]);
  await waitUntil(
    "the demo prints its address",
    () => {
      if (demo.child.exitCode !== null) throw new Error(`the demo ended:\n${demo.stderr()}`);
      return demo.stdout().includes("Open http");
    },
    60_000,
  );
  return { ...demo, url: /Open (\S+)/.exec(demo.stdout())?.[1] ?? "" };
}

/** What the page is shown at this moment. */
export async function readScene(url: string): Promise<Scene> {
  const leave = new AbortController();
  const answer = await fetch(new URL("events", url), { signal: leave.signal });
  const reader = answer.body!.getReader();
  let text = "";
  while (!text.includes("\n\n")) text += Buffer.from((await reader.read()).value ?? []).toString("utf8");
  leave.abort();
  return JSON.parse(text.slice("data: ".length)) as Scene;
}

/** Processes that this one has started and that are still there. */
export function childrenOf(pid: number | undefined): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.filter((each) => parentOf(each) === pid).map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
