import { cpus } from "node:os";
import { startRedis } from "@unstick/testbed";
import { median } from "./affinity/median.ts";
import { openReaders, type Reader, type Sample, sample } from "./redis/reads.ts";

/**
 * A read of a session beside the peer's, in turns on one server. `npm run build && npm run redis-backend -w @unstick/bench`. CPU is what it
 * costs the client's process and what the server counts for the command; calls a second also depend on the machine.
 */
const ROUNDS = 15;
const WARM_UP = 3;
const READS = 6_000;

console.log(`Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}\n`);
console.log("| client | read | a second | ratio | client CPU | server CPU |\n|---|---|---:|---:|---:|---:|");

const server = await startRedis();
const { readers, close } = await openReaders(server.port);
try {
  const taken = new Map(readers.map((reader): [Reader, Sample[]] => [reader, []]));
  for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
    for (let at = 0; at < readers.length; at += 1) {
      const reader = readers[(at + round) % readers.length]!;
      const one = await sample(server.port, reader, READS);
      if (round >= WARM_UP) taken.get(reader)!.push(one);
    }
  }
  const rate = (reader: Reader): number => median(taken.get(reader)!.map(({ perSecond }) => perSecond));
  for (const [reader, samples] of taken) {
    const peer = readers.find(({ client, command }) => client === reader.client && command === "get")!;
    const cells = [rate(reader).toFixed(0), (rate(reader) / rate(peer)).toFixed(2)];
    cells.push(`${median(samples.map(({ clientMicroseconds }) => clientMicroseconds)).toFixed(1)} µs`);
    cells.push(`${median(samples.map(({ serverMicroseconds }) => serverMicroseconds)).toFixed(1)} µs`);
    console.log(`| ${reader.client} | ${reader.name} | ${cells.join(" | ")} |`);
  }
} finally {
  close();
  await server.stop();
}
