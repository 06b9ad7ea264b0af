import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Job } from "./jobs.ts";

export const CHILD: string = fileURLToPath(new URL("child.ts", import.meta.url));
export const EXEC_ARGV: readonly string[] = ["--import", "tsx"];

/** The same in a worker thread, which does not take over the loader that runs TypeScript. */
export const THREAD: string = `
  import("tsx/esm/api")
    .then(({ register }) => register())
    .then(() => import(${JSON.stringify(new URL("child.ts", import.meta.url).href)}));
`;

/** A process that waits for its job: all are started before the first begins. */
export async function startProcess(): Promise<ChildProcess> {
  const child = fork(CHILD, { execArgv: [...EXEC_ARGV], stdio: ["ignore", "pipe", "inherit", "ipc"] });
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
