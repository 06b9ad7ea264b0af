import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { lmdbBackend } from "@unstick/lmdb";
import { onTestFinished, test } from "vitest";
import { freshFile } from "./fresh-file.ts";
import { killWriters } from "./kill-writers.ts";
import { runIn, startProcess } from "./processes.ts";

const LONG = { idleMs: 600_000 };

/** Where a flush costs nothing, most commits fall into the time that another process takes to open the file. */
const FAST = existsSync("/dev/shm");

async function fastFile(): Promise<string> {
  const { path, remove } = await freshFile(FAST ? "/dev/shm" : undefined);
  onTestFinished(remove);
  return path;
}

/** A process that is gone after the test, whatever state LMDB is in. */
async function startMortal(): Promise<ChildProcess> {
  const child = await startProcess();
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test("processes open and close the file while another one writes: no write is undone", async () => {
  const path = await fastFile();
  const backend = lmdbBackend({ path });
  await backend.create("session", new Map(), LONG);
  await backend.close?.();
  const [writer, ...openers] = await Promise.all([
    startMortal(),
    startMortal(),
    startMortal(),
    startMortal(),
  ]);
  const opening = openers.map((child) =>
    runIn(child, { job: "openAndClose", path, key: "session", times: 300 }),
  );
  const writes = FAST ? 15_000 : 1_000;
  const acknowledged = await runIn(writer, { job: "countUp", path, key: "session", times: writes });
  await Promise.all(opening);
  const later = lmdbBackend({ path });
  const stored = Number((await later.read("session"))?.attributes.get("n"));
  await later.close?.();
  assert.deepEqual({ acknowledged, stored }, { acknowledged: writes, stored: writes });
}, 120_000);

test("20 processes are killed as they open the file or write: nothing acknowledged is lost, the others go on", async () => {
  assert.ok((await killWriters(await fastFile(), 20, 4)) > 100);
}, 180_000);
