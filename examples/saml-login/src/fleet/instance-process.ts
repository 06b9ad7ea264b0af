import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { compileProgram } from "@unstick/testbed/compile-program";
import { DemoError } from "../errors.ts";
import type { FromInstance, InstanceConfig, LoggedOut, Step } from "./messages.ts";

/** Compiled when the first instance starts: each mode starts three, and each deploy. */
let program: string | undefined;

/** How long a process may take to end by itself after SIGTERM. */
const graceMs = 5_000;

/** One running instance, as the demo holds it. */
export interface InstanceProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** SIGKILL: no goodbye, as when a machine is lost. */
  kill(): Promise<void>;
  /** SIGTERM: requests in flight end first. */
  stop(): Promise<void>;
}

/** What an instance tells while it runs. */
export interface InstanceEvents {
  readonly onStep: (step: Step) => void;
  readonly onLoggedOut: (loggedOut: LoggedOut) => void;
}

/** Start an instance; rejects with what it said if it does not come up. */
export async function startInstance(
  config: InstanceConfig,
  { onStep, onLoggedOut }: InstanceEvents,
): Promise<InstanceProcess> {
  program ??= compileProgram(new URL("../service-provider/instance.ts", import.meta.url));
  const child = fork(program, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const ended = once(child, "exit");
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  try {
    const ready = readPort(child, config.name);
    child.send({ type: "configure", config });
    const port = await ready;
    child.on("message", (message: FromInstance) => {
      if (message.type === "step") onStep(message.step);
      if (message.type === "logged-out") onLoggedOut(message.loggedOut);
    });
    return {
      name: config.name,
      url: `http://127.0.0.1:${port}`,
      pid: child.pid ?? 0,
      get isRunning() {
        return child.exitCode === null && child.signalCode === null;
      },
      kill: () => end("SIGKILL"),
      stop: async () => {
        const lastResort = setTimeout(() => child.kill("SIGKILL"), graceMs);
        await end("SIGTERM");
        clearTimeout(lastResort);
      },
    };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
}

/** The port that the instance reports when it listens. */
function readPort(child: ChildProcess, name: string): Promise<number> {
  const said: string[] = [];
  child.stderr?.on("data", (chunk) => said.push(String(chunk)));
  return new Promise((resolve, reject) => {
    child.once("exit", () => {
      reject(new DemoError(`instance ${name} ended while it started:\n${said.join("").trim()}`));
    });
    child.once("message", (message: FromInstance) => {
      if (message.type === "ready") resolve(message.port);
      else if (message.type === "failed") reject(new DemoError(`instance ${name}: ${message.sentence}`));
    });
  });
}
