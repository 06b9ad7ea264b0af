import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { lmdbBackend } from "@unstick/lmdb";
import { startProcess } from "./processes.ts";

const LONG = { idleMs: 600_000 };

type Backend = ReturnType<typeof lmdbBackend>;

/** A process that was killed, and what it had been told is stored. */
interface Killed {
  readonly key: string;
  readonly acknowledged: number;
}

/**
 * So many processes are killed (SIGKILL), each while it opens the file or in mid-write, `lanes` of them at
 * work at a time, while this one writes alongside. Throws when a write that was acknowledged is missing, or
 * a process that was not killed could not commit. Answers how many writes were acknowledged.
 */
export async function killWriters(path: string, kills: number, lanes: number): Promise<number> {
  const backend = lmdbBackend({ path });
  await backend.create("counter", new Map(), LONG);
  const alongside = writeAlongside(backend);
  const killed: Killed[] = [];
  let started = 0;
  const lane = async (): Promise<void> => {
    while (started < kills) {
      const key = `writer ${started++}`;
      const acknowledged = await writeUntilKilled(path, key);
      killed.push({ key, acknowledged });
      await holdsAll(backend, { key, acknowledged });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const own = await alongside.stop();
  // What was stored stays stored, and whoever opens the file next finds it whole.
  await backend.close?.();
  const later = lmdbBackend({ path });
  assert.equal(Number((await later.read("counter"))?.attributes.get("own")), own);
  for (const one of killed) await holdsAll(later, one);
  await later.close?.();
  return killed.reduce((sum, { acknowledged }) => sum + acknowledged, own);
}

/** Counts up until it is stopped; answers how often. */
function writeAlongside(backend: Backend): { stop: () => Promise<number> } {
  let [running, count] = [true, 0];
  const done = (async () => {
    for (; running; count += 1, await sleep(1)) {
      const { outcome } = await backend.update("counter", { add: new Map([["own", 1]]) }, LONG);
      assert.equal(outcome, "ok");
    }
    return count;
  })();
  return {
    stop: () => {
      running = false;
      return done;
    },
  };
}

/** A process that writes until it is killed; answers how many writes it had acknowledged by then. */
async function writeUntilKilled(path: string, key: string): Promise<number> {
  const child = await startProcess();
  const kill = (): unknown => setTimeout(() => child.kill("SIGKILL"), Math.random() * 20);
  let [printed, doomed] = ["", false];
  // A third of them while they open the file, or write for the first time.
  const killAfter = Math.floor(Math.random() * 3) === 0 ? 0 : 1 + Math.floor(Math.random() * 60);
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (!doomed && printed.split("\n").length > killAfter) kill();
    doomed ||= printed.split("\n").length > killAfter;
  });
  child.send({ job: "reportWrites", path, key, times: 1_000_000 });
  if (killAfter === 0) {
    doomed = true;
    kill();
  }
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL", `${key} ended by itself`);
  return printed.split("\n").length - 1;
}

async function holdsAll(backend: Backend, { key, acknowledged }: Killed): Promise<void> {
  for (let index = 0; index < acknowledged; index += 1) {
    const value = (await backend.read(`${key}.${index}`))?.attributes.get("value");
    assert.equal(value, `${key} ${index}`.repeat(1 + (index % 400)), `${key}.${index} of ${acknowledged}`);
  }
  const counter = Number((await backend.read("counter"))?.attributes.get(key) ?? 0);
  // One write may have been applied whose acknowledgement was never printed.
  const rule = `${key}: ${counter} counted, ${acknowledged} acknowledged`;
  assert.ok(counter === acknowledged || counter === acknowledged + 1, rule);
}
