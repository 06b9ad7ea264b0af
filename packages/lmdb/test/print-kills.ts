import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { lmdbBackend } from "@unstick/lmdb";
import { freshFile } from "./fresh-file.ts";
import { startProcess } from "./processes.ts";

const LONG = { idleMs: 600_000 };
const ROUNDS = 9;

/** A process that writes until it is killed; answers how many writes it had acknowledged by then. */
async function writeUntilKilled(path: string, key: string, killAfter: number): Promise<number> {
  const child = await startProcess();
  let printed = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    // Killed at some point after so many acknowledgements: in the middle of the next writes.
    if (printed.split("\n").length > killAfter) setTimeout(() => child.kill("SIGKILL"), Math.random() * 8);
  });
  child.send({ job: "reportWrites", path, key, times: 1_000_000 });
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
  return printed.split("\n").length - 1;
}

async function killRounds(): Promise<void> {
  const { path, remove } = await freshFile();
  const backend = lmdbBackend({ path });
  await backend.create("counter", new Map(), LONG);
  let [running, own] = [true, 0];
  const alongside = (async () => {
    for (; running; own += 1, await sleep(1))
      await backend.update("counter", { add: new Map([["own", 1]]) }, LONG);
  })();
  for (let round = 0; round < ROUNDS; round += 3) {
    const keys = [0, 1, 2].map((index) => `writer ${round + index}`);
    const counts = await Promise.all(keys.map((key, index) => writeUntilKilled(path, key, 20 * (index + 1))));
    for (const [index, key] of keys.entries()) await holdsAll(backend, key, counts[index]!);
  }
  running = false;
  await alongside;
  assert.equal((await backend.read("counter"))?.attributes.get("own"), `${own}`);
  await backend.close?.();
  // Whoever opens the file next finds it whole.
  const later = lmdbBackend({ path });
  assert.equal((await later.read("counter"))?.attributes.size, ROUNDS + 1);
  await later.close?.();
  await remove();
}

async function holdsAll(backend: ReturnType<typeof lmdbBackend>, key: string, count: number): Promise<void> {
  assert.ok(count > 0);
  for (let index = 0; index < count; index += 1) {
    const value = (await backend.read(`${key}.${index}`))?.attributes.get("value");
    assert.equal(value, `${key} ${index}`.repeat(1 + (index % 400)));
  }
  const counter = Number((await backend.read("counter"))?.attributes.get(key));
  // One write may have been applied whose acknowledgement was never printed.
  assert.ok(counter === count || counter === count + 1, `${counter} counted, ${count} acknowledged`);
}

// Not a test of the suite: with lmdb 3.5.6 it does not always hold, see "Guarantees" in the README.
const runs = 10;
const faults: string[] = [];
process.on("unhandledRejection", (error) => faults.push(String(error)));
for (let run = 0; run < runs; run += 1) await killRounds().catch((error) => faults.push(String(error)));
console.log(
  `${faults.length} of ${runs} runs with ${ROUNDS} processes killed in mid-write lost a write or failed`,
);
process.exit(faults.length > 0 ? 1 : 0);
