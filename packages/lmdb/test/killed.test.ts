import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { lmdbBackend } from "@unstick/lmdb";
import { test } from "vitest";
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

test("processes killed while they write lose nothing that was acknowledged, and block nobody", async () => {
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
}, 60_000);

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

test("an enumeration that is left half-way holds no snapshot: others write on, and it goes on with what is left", async () => {
  const { path, remove } = await freshFile();
  const [backend, other] = [lmdbBackend({ path }), lmdbBackend({ path })];
  const names = Array.from({ length: 600 }, (_, index) => `key ${index}`);
  await Promise.all(names.map((key) => backend.create(key, new Map(), LONG)));
  const keys = other.sessionKeys()[Symbol.asyncIterator]();
  await keys.next();
  await Promise.all(names.map((key) => backend.destroy(key, 0)));
  assert.equal((await keys.next()).done, true);
  await backend.close?.();
  await other.close?.();
  await remove();
});
