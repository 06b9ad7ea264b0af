import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type Alb, startAlb } from "../start-alb.ts";
import { readStart } from "./read-start.ts";

/** `alb start`: run until Ctrl-C or SIGTERM. */
export async function start(args: readonly string[]): Promise<number> {
  const options = readStart(args);
  const onWarning = (sentence: string): void => void process.stderr.write(`\nalb: WARNING: ${sentence}\n\n`);
  const report = (message: unknown): void => sayState(message as StateMessage);
  subscribe("unstick.alb.target-state", report);
  try {
    const alb = await startAlb({ ...options, onWarning });
    introduce(alb, options.statusPath ?? "/_alb");
    await untilAskedToStop();
    await alb.close();
  } finally {
    unsubscribe("unstick.alb.target-state", report);
  }
  return 0;
}

interface StateMessage {
  readonly target: string;
  readonly state: string;
  readonly problem: string;
}

function sayState({ target, state, problem }: StateMessage): void {
  process.stdout.write(`${target} is ${state}${problem === "" ? "" : ` (${problem})`}\n`);
}

function introduce(alb: Alb, statusPath: string | false): void {
  const { stickiness, targets } = alb.status();
  const status = statusPath === false ? "" : `\n  status    ${alb.url}${statusPath}`;
  process.stdout.write(
    `\n  listening ${alb.url}${status}\n  targets   ${targets.length}\n  sticky    ${stickiness}\n  stop      Ctrl-C\n\n`,
  );
}

function untilAskedToStop(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
