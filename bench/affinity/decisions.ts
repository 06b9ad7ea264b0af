import { type AffinityConfig, decide, readOptions } from "@unstick/affinity";
import { median } from "./median.ts";

export interface DecisionCost {
  readonly shown: string;
  readonly microseconds: number;
}

const now = 1_800_000_000_000;
const headerBytes = 16_384;
const rounds = 11;
const decisionsARound = 20_000;

/** Microseconds of CPU time a decision: the median of interleaved rounds, for what a client may show. */
export function measureDecisions(): DecisionCost[] {
  const config = readOptions({ name: "APP", secret: "a secret of thirty-two bytes, no?" });
  const cases = [...Object.entries(headers(config))].map(([shown, list]) => ({
    shown,
    list,
    samples: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { list, samples } of cases) samples.push(timeRound(list, config, round));
  }
  return cases.map(({ shown, samples }) => ({ shown, microseconds: median(samples.slice(3)) }));
}

/** One list a case; a round takes the next header for each decision. */
function headers(config: AffinityConfig): Record<string, readonly (string | undefined)[]> {
  const values = (count: number): string[] => Array.from({ length: count }, (_, at) => valueFor(config, at));
  const forged = values(64).map(
    (value) => `APP=${value.slice(0, -4)}${value.endsWith("AAAA") ? "BBBB" : "AAAA"}`,
  );
  const browser =
    "_ga=GA1.1.1234567890.1700000000; theme=dark; AWSALBAPP-0=AAAAAAAAAAC2; AWSALBAPP-1=_remove_; ";
  const repeated = (unit: string): string =>
    unit.repeat(Math.ceil(headerBytes / unit.length)).slice(0, headerBytes);
  return {
    "no cookie": [undefined],
    "no cookie of ours": [browser],
    "a good one": values(256).map((value) => `${browser}APP=${value}`),
    "a good one, never seen before": values(60_000).map((value) => `${browser}APP=${value}`),
    "a forged one": forged.map((cookie) => browser + cookie),
    "16 KiB of forged ones": [repeated(`${forged.join("; ")}; `)],
    "16 KiB of APP=": [repeated("APP=")],
    "16 KiB of spaces and semicolons": [repeated("   ;APP ;")],
    "16 KiB in one value": [`APP=${repeated("A")}`],
  };
}

function valueFor(config: AffinityConfig, number: number): string {
  const random = new Uint8Array(12);
  new DataView(random.buffer).setUint32(0, number);
  return decide({ cookieHeader: undefined, now, random, instance: "a", draining: false }, config).value;
}

function timeRound(list: readonly (string | undefined)[], config: AffinityConfig, round: number): number {
  const begun = process.cpuUsage();
  for (let at = 0; at < decisionsARound; at++) {
    const number = round * decisionsARound + at;
    const cookieHeader = list[number % list.length];
    // Bytes change as often as the middleware changes them at 1,000 requests a second.
    if (number % 1_000 === 0) random = new Uint8Array(12).fill(number % 251);
    decide({ cookieHeader, now, random, instance: "a", draining: false }, config);
  }
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / decisionsARound;
}

let random = new Uint8Array(12);
