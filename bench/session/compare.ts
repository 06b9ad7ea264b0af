import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Load } from "../load.ts";

export type Framework = "express" | "koa";
/** `known`: bare, and a middleware that spends {@link knownMicroseconds}. */
export type Kind = "bare" | "known" | "ours" | "peer";
export const knownMicroseconds = 30;

/** Of one server in one round. */
export interface Run {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

/** Until the engine has compiled what runs often. */
const warmUpRounds = 5;
const connections = 10;
export interface Plan {
  readonly kinds: readonly Kind[];
  readonly rounds: number;
  readonly requests: number;
  /** Of the load generator, see `Load.run`. */
  readonly isAwake: boolean;
}

/**
 * The servers take turns, and the one that begins changes, so that a drift hits all. Answers the runs of
 * each round; the first rounds only warm up.
 */
export async function compare(
  framework: Framework,
  where: string,
  path: "/read" | "/write",
  { kinds, rounds: count, requests, isAwake }: Plan,
): Promise<Record<Kind, Run>[]> {
  const servers = new Map<Kind, Server>();
  try {
    for (const kind of kinds) servers.set(kind, await Server.start(framework, kind, where, path));
    const rounds: Record<Kind, Run>[] = [];
    for (let round = -warmUpRounds; round < count; round++) {
      const runs: Partial<Record<Kind, Run>> = {};
      for (let at = 0; at < kinds.length; at++) {
        const kind = kinds[(at + Math.abs(round)) % kinds.length] as Kind;
        runs[kind] = await (servers.get(kind) as Server).run(requests, isAwake);
      }
      if (round >= 0) rounds.push(runs as Record<Kind, Run>);
    }
    return rounds;
  } finally {
    for (const server of servers.values()) server.stop();
  }
}

class Server {
  readonly #child: ChildProcess;
  readonly #load: Load;

  private constructor(child: ChildProcess, load: Load) {
    this.#child = child;
    this.#load = load;
  }

  static async start(framework: Framework, kind: Kind, where: string, path: string): Promise<Server> {
    const file = fileURLToPath(new URL("./server.mjs", import.meta.url));
    const child = fork(file, [framework, kind, where, String(knownMicroseconds)], {
      execArgv: profiling(),
      env: { ...process.env, NODE_ENV: "production" },
    });
    const [port] = (await once(child, "message")) as [number];
    const cookies = Array<string>(connections).fill(`theme=dark; ${await fill(port)}`);
    return new Server(
      child,
      await Load.open(
        port,
        path,
        kind === "bare" || kind === "known" ? "no session" : "Ada Lovelace",
        cookies,
      ),
    );
  }

  stop(): void {
    this.#load.close();
    this.#child.disconnect();
  }

  async run(requests: number, isAwake: boolean): Promise<Run> {
    const before = await this.#cpuMicroseconds();
    const perSecond = await this.#load.run(requests / connections, isAwake);
    const spent = (await this.#cpuMicroseconds()) - before;
    return { perSecond, cpuMicroseconds: spent / requests };
  }

  async #cpuMicroseconds(): Promise<number> {
    this.#child.send("cpu");
    const [{ user, system }] = (await once(this.#child, "message")) as [NodeJS.CpuUsage];
    return user + system;
  }
}

/** Begin a session, and answer its cookies. */
async function fill(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/fill`);
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0]);
  return cookies.join("; ");
}

/** `UNSTICK_CPU_PROFILES=folder`: a profile of each server, for whoever looks for the time. */
function profiling(): string[] {
  const folder = process.env.UNSTICK_CPU_PROFILES;
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${folder}`];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
