import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export type Framework = "express" | "koa";
export type Kind = "bare" | "ours" | "peer";

/** Of one server in one round. */
export interface Run {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

type Load = (options: object) => Promise<{ requests: { total: number }; non2xx: number }>;

/** autocannon has no types. */
const load = createRequire(import.meta.url)("autocannon") as Load;
/** Until the engine has compiled what runs often. */
const warmUpRounds = 5;
const kinds = ["bare", "ours", "peer"] as const;

/**
 * The three servers take turns, and the one that begins changes, so that a drift hits all. Answers the runs of
 * each round; the first rounds only warm up.
 */
export async function compare(
  framework: Framework,
  where: string,
  path: "/read" | "/write",
  size: { readonly rounds: number; readonly requests: number },
): Promise<Record<Kind, Run>[]> {
  const servers = new Map<Kind, Server>();
  try {
    for (const kind of kinds) servers.set(kind, await Server.start(framework, kind, where));
    const rounds: Record<Kind, Run>[] = [];
    for (let round = -warmUpRounds; round < size.rounds; round++) {
      const runs: Partial<Record<Kind, Run>> = {};
      for (let at = 0; at < kinds.length; at++) {
        const kind = kinds[(at + Math.abs(round)) % kinds.length] as Kind;
        runs[kind] = await (servers.get(kind) as Server).run(path, size.requests);
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
  readonly #url: string;
  #cookie = "";

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(framework: Framework, kind: Kind, where: string): Promise<Server> {
    const file = fileURLToPath(new URL("./server.mjs", import.meta.url));
    const child = fork(file, [framework, kind, where], {
      execArgv: profiling(),
      env: { ...process.env, NODE_ENV: "production" },
    });
    const [port] = (await once(child, "message")) as [number];
    const server = new Server(child, port);
    await server.#fill();
    return server;
  }

  stop(): void {
    this.#child.disconnect();
  }

  async run(path: string, requests: number): Promise<Run> {
    const before = await this.#cpuMicroseconds();
    const begun = performance.now();
    const { requests: done, non2xx } = await load({
      url: `${this.#url}${path}`,
      connections: 10,
      amount: requests,
      headers: { cookie: `theme=dark; ${this.#cookie}` },
    });
    const ended = performance.now();
    if (non2xx > 0) throw new Error(`${non2xx} answers were not 200`);
    const spent = (await this.#cpuMicroseconds()) - before;
    return { perSecond: done.total / ((ended - begun) / 1_000), cpuMicroseconds: spent / done.total };
  }

  async #fill(): Promise<void> {
    const response = await fetch(`${this.#url}/fill`);
    this.#cookie = response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";", 1)[0])
      .join("; ");
  }

  async #cpuMicroseconds(): Promise<number> {
    this.#child.send("cpu");
    const [{ user, system }] = (await once(this.#child, "message")) as [NodeJS.CpuUsage];
    return user + system;
  }
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
