import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { ensurePrograms, findProgram, type Program } from "./programs.ts";

/** A program that was started: a child process, or a container of Testcontainers. */
export interface RunningProgram {
  readonly pid: number;
  readonly hasEnded: boolean;
  /** Resolves when it is gone. */
  readonly ended: Promise<unknown>;
  /** Everything it printed so far. */
  said(): string;
  signal(name: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
}

/**
 * Start a program that writes only into `folder`. Where it is not installed it is seen to first, as
 * {@link ensurePrograms} does, for a benchmark or a proof that is run before any test was.
 */
export async function launch(
  program: Program,
  args: readonly string[],
  folder: string,
): Promise<RunningProgram> {
  if (findProgram(program) === undefined) await ensureOnce(program);
  const path = findProgram(program);
  if (path !== undefined) return launchProcess(path, args, folder);
  const { launchContainer } = await import("./container.ts");
  return launchContainer(program.image ?? "", program.names[0] ?? "", args, folder);
}

const ensured = new Map<Program, Promise<void>>();

/** Those that are started together, as the nodes of a cluster, install nothing twice. */
function ensureOnce(program: Program): Promise<void> {
  const ensuring = ensured.get(program) ?? ensurePrograms([program]);
  ensured.set(program, ensuring);
  return ensuring;
}

/** One listener for all of them, however many there are. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function launchProcess(path: string, args: readonly string[], cwd: string): RunningProgram {
  const child = spawn(path, [...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  child.stdout.on("data", (chunk) => said.push(String(chunk)));
  child.stderr.on("data", (chunk) => said.push(String(chunk)));
  running.add(child);
  const ended = once(child, "exit").then(() => running.delete(child));
  return {
    pid: child.pid ?? 0,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    ended,
    said: () => said.join(""),
    signal: (name) => void child.kill(name),
  };
}
