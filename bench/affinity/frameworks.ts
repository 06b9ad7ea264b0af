import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Load } from "../load.ts";
import { median } from "./median.ts";
import { type Subject, subjects } from "./subjects.ts";

export type Clients = "kept" | "new";

/** One subject beside the bare framework. Both ratios are above 1 where the subject is the better one. */
export interface FrameworkCost {
  readonly subject: Subject;
  readonly requestsPerSecond: number;
  readonly requestsRatio: Ratio;
  /** Of the server's process, for one request. */
  readonly cpuMicroseconds: number;
  readonly cpuRatio: Ratio;
}

/** Two summaries of one series of rounds; where they differ, the machine was not quiet enough. */
interface Ratio {
  readonly ofMedians: number;
  /** The median, over rounds, of the ratio within one round. */
  readonly pairwise: number;
}

interface Run {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
}

type Round = Readonly<Record<Subject, Run>>;

const connections = 8;
const requestsEach = 250;
const warmUpRounds = 10;
const roundsAGeneration = 15;

/**
 * The subjects take turns in short rounds, each round in another order, so that a drift hits all of them. After so many
 * rounds all processes are started anew: two of the same subject differ by a per cent or two for as long as they live.
 */
export async function measureFramework(
  framework: "express" | "koa",
  clients: Clients,
  rounds: number,
): Promise<FrameworkCost[]> {
  const done: Round[] = [];
  while (done.length < rounds) {
    const count = Math.min(roundsAGeneration, rounds - done.length);
    done.push(...(await runGeneration(framework, clients, count)));
  }
  return subjects.map((subject) => summarise(subject, done));
}

async function runGeneration(framework: string, clients: Clients, count: number): Promise<Round[]> {
  const servers = subjects.map((subject) =>
    fork(fileURLToPath(new URL("./server.mjs", import.meta.url)), [framework, subject], {
      execArgv: [],
      env: { ...process.env, NODE_ENV: "production" },
    }),
  );
  try {
    const ports = await Promise.all(
      servers.map(async (server) => ((await once(server, "message")) as [number])[0]),
    );
    const cookies = await cookiesOf(clients, ports[subjects.indexOf("affinity")]!);
    const loads = await Promise.all(ports.map((port) => Load.open(port, "/", "hello", cookies)));
    const done: Round[] = [];
    for (let round = -warmUpRounds; round < count; round++) {
      const runs = await runRound(servers, loads, round);
      if (round >= 0) done.push(runs);
    }
    for (const load of loads) load.close();
    return done;
  } finally {
    for (const server of servers) server.disconnect();
  }
}

async function runRound(
  servers: readonly ChildProcess[],
  loads: readonly Load[],
  round: number,
): Promise<Round> {
  const runs: Partial<Record<Subject, Run>> = {};
  for (const at of orderOf(round)) {
    const before = await readCpuMicroseconds(servers[at]!);
    const requestsPerSecond = await loads[at]!.run(requestsEach, true);
    const spent = (await readCpuMicroseconds(servers[at]!)) - before;
    runs[subjects[at]!] = { requestsPerSecond, cpuMicroseconds: spent / (connections * requestsEach) };
  }
  return runs as Round;
}

/** Each subject takes each place equally often, and comes before its neighbours as often as after them. */
function orderOf(round: number): number[] {
  const { length } = subjects;
  const order = subjects.map((_, at) => (((at + round) % length) + length) % length);
  return round % 2 === 0 ? order : order.toReversed();
}

function summarise(subject: Subject, rounds: readonly Round[]): FrameworkCost {
  const requests = series(rounds, ({ requestsPerSecond }) => requestsPerSecond);
  const cpu = series(rounds, ({ cpuMicroseconds }) => cpuMicroseconds);
  return {
    subject,
    requestsPerSecond: median(requests(subject)),
    requestsRatio: ratioOf(requests(subject), requests("bare")),
    cpuMicroseconds: median(cpu(subject)),
    cpuRatio: ratioOf(cpu("bare"), cpu(subject)),
  };
}

function series(rounds: readonly Round[], read: (run: Run) => number): (subject: Subject) => number[] {
  return (subject) => rounds.map((round) => read(round[subject]));
}

function ratioOf(over: readonly number[], under: readonly number[]): Ratio {
  return {
    ofMedians: median(over) / median(under),
    pairwise: median(over.map((value, at) => value / under[at]!)),
  };
}

/** For kept clients the cookies of four that came in different seconds, two connections each. */
async function cookiesOf(clients: Clients, port: number): Promise<string[]> {
  const shown: string[] = [];
  for (let client = 0; client < 4; client++) {
    if (clients === "new") {
      shown.push("theme=dark");
      continue;
    }
    if (client > 0) await new Promise((resolve) => setTimeout(resolve, 1_000));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    shown.push(`theme=dark; ${response.headers.getSetCookie()[0]!.split(";", 1)[0]}`);
  }
  return Array.from({ length: connections }, (_, at) => shown[at % shown.length]!);
}

async function readCpuMicroseconds(server: ChildProcess): Promise<number> {
  server.send("cpu");
  const [{ user, system }] = (await once(server, "message")) as [NodeJS.CpuUsage];
  return user + system;
}
