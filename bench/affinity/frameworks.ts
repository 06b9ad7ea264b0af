import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { median } from "./decisions.ts";

export interface FrameworkCost {
  readonly framework: string;
  readonly clients: "bound" | "new";
  readonly bareRequests: number;
  readonly requests: number;
  /** Median over rounds of requests per second with the middleware over those without, in neighbouring runs. */
  readonly throughputRatio: number;
  readonly bareCpuMicroseconds: number;
  readonly cpuMicroseconds: number;
  /** CPU time of a request without the middleware over that with it. */
  readonly cpuRatio: number;
}

interface Run {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

type Load = (options: object) => Promise<{ requests: { total: number }; non2xx: number }>;

/** autocannon has no types. */
const load = createRequire(import.meta.url)("autocannon") as Load;

const rounds = 9;
const requestsARun = 2_000;

/** The bare framework and the bound one take turns, and the one that begins changes, so that a drift hits both. */
export async function measureFramework(
  framework: "express" | "koa",
  clients: "bound" | "new",
): Promise<FrameworkCost> {
  const bare = await Server.start(framework, "bare");
  const bound = await Server.start(framework, "bound");
  try {
    const cookies = clients === "bound" ? await bound.bindClients() : [];
    const pairs: { bare: Run; bound: Run }[] = [];
    for (let round = -2; round < rounds; round++) {
      const [first, second] = round % 2 === 0 ? [bare, bound] : [bound, bare];
      const runs = [await first.run(cookies), await second.run(cookies)] as const;
      const pair = first === bare ? { bare: runs[0], bound: runs[1] } : { bare: runs[1], bound: runs[0] };
      if (round >= 0) pairs.push(pair);
    }
    return summarise(framework, clients, pairs);
  } finally {
    bare.stop();
    bound.stop();
  }
}

function summarise(
  framework: string,
  clients: "bound" | "new",
  pairs: readonly { bare: Run; bound: Run }[],
): FrameworkCost {
  return {
    framework,
    clients,
    bareRequests: median(pairs.map(({ bare }) => bare.perSecond)),
    requests: median(pairs.map(({ bound }) => bound.perSecond)),
    throughputRatio: median(pairs.map(({ bare, bound }) => bound.perSecond / bare.perSecond)),
    bareCpuMicroseconds: median(pairs.map(({ bare }) => bare.cpuMicroseconds)),
    cpuMicroseconds: median(pairs.map(({ bound }) => bound.cpuMicroseconds)),
    cpuRatio: median(pairs.map(({ bare, bound }) => bare.cpuMicroseconds / bound.cpuMicroseconds)),
  };
}

class Server {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}/`;
  }

  static async start(framework: string, kind: string): Promise<Server> {
    const child = fork(fileURLToPath(new URL("./server.ts", import.meta.url)), [framework, kind]);
    const [port] = (await once(child, "message")) as [number];
    return new Server(child, port);
  }

  stop(): void {
    this.#child.disconnect();
  }

  /** Cookies of a few clients that came in different seconds. */
  async bindClients(): Promise<string[]> {
    const cookies: string[] = [];
    for (let client = 0; client < 4; client++) {
      if (client > 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
      const response = await fetch(this.#url);
      cookies.push(response.headers.getSetCookie()[0]!.split(";", 1)[0]!);
    }
    return cookies;
  }

  async run(cookies: readonly string[]): Promise<Run> {
    const [cookie = ""] = cookies;
    const requests = [cookie, ...cookies.slice(1)].map((each) => ({
      headers: { cookie: `theme=dark; ${each}` },
    }));
    const before = await this.#cpuMicroseconds();
    const begun = performance.now();
    const { requests: done, non2xx } = await load({
      url: this.#url,
      connections: 10,
      amount: requestsARun,
      requests,
    });
    const ended = performance.now();
    if (non2xx > 0) throw new Error(`${non2xx} answers were not 200`);
    const spent = (await this.#cpuMicroseconds()) - before;
    return { perSecond: done.total / ((ended - begun) / 1_000), cpuMicroseconds: spent / done.total };
  }

  async #cpuMicroseconds(): Promise<number> {
    this.#child.send("cpu");
    const [{ user, system }] = (await once(this.#child, "message")) as [NodeJS.CpuUsage];
    return user + system;
  }
}
