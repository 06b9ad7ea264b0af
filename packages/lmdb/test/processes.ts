import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { compileProgram } from "@unstick/testbed/compile-program";
import type { Job } from "./jobs.ts";

/** Runs as a process, as a worker of node:cluster and as a thread. */
export const CHILD: string = compileProgram(new URL("child.ts", import.meta.url));

/** A process that waits for its job: all are started before the first begins. */
export async function startProcess(): Promise<ChildProcess> {
  const child = fork(CHILD, { execArgv: [], stdio: ["ignore", "pipe", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

export async function runIn(child: ChildProcess, job: Job): Promise<unknown> {
  const exited = once(child, "exit");
  const answered = once(child, "message");
  child.send(job);
  const [message] = await Promise.race([answered, exited]);
  await exited;
  return (message as { answer: unknown }).answer;
}
