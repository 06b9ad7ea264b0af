import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { compileProgram } from "@unstick/testbed/compile-program";
import type { InstanceOptions } from "./subjects.ts";

/** Instances of one application, each a process. */
export interface Fleet {
  /** The page at the `index`-th instance, counted round. */
  at(index: number, page: string): string;
  /** How often each session was found damaged since the start, by its handle, over all instances. */
  damaged(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill();
});

type Program = "change-pairs" | "count" | "instance";
const compiled = new Map<Program, string>();

/** Fork a program of `workers/` and hand it one argument. */
export function startWorker(program: Program, argument: object): ChildProcess {
  const file = compiled.get(program) ?? compileProgram(new URL(`workers/${program}.ts`, import.meta.url));
  compiled.set(program, file);
  const child = fork(file, [JSON.stringify(argument)], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** The next thing a worker says; rejects when it ends first. */
export async function hear(child: ChildProcess): Promise<unknown> {
  const waiting = new AbortController();
  const ended = once(child, "exit", { signal: waiting.signal }).then(([code]) => {
    throw new Error(`a worker ended with ${code}`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", { signal: waiting.signal }), ended]);
    return message;
  } finally {
    ended.catch(() => {});
    waiting.abort();
  }
}

export async function endWorker(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, "exit");
}

export async function startFleet(instances: readonly InstanceOptions[]): Promise<Fleet> {
  const children = instances.map((options) => startWorker("instance", options));
  const urls = (await Promise.all(children.map(hear))) as string[];
  return {
    at: (index, page) => `${urls[index % urls.length]}${page}`,
    damaged: async () => {
      const total = new Map<string, number>();
      for (const child of children) {
        child.send("damaged");
        const counts = (await hear(child)) as Record<string, number>;
        for (const [handle, count] of Object.entries(counts)) {
          total.set(handle, (total.get(handle) ?? 0) + count);
        }
      }
      return total;
    },
    stop: async () => void (await Promise.all(children.map(endWorker))),
  };
}
