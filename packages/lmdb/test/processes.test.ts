import assert from "node:assert/strict";
import cluster, { type Worker as ClusterWorker } from "node:cluster";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { lmdbBackend } from "@unstick/lmdb";
import { test, vi } from "vitest";
import { freshFile } from "./fresh-file.ts";
import type { Job } from "./jobs.ts";
import { CHILD, runIn, startProcess } from "./processes.ts";

/** Thousands of flushes, on whatever disk. */
vi.setConfig({ testTimeout: 120_000 });

const LONG = { idleMs: 600_000 };

async function withSession(run: (path: string, backend: ReturnType<typeof lmdbBackend>) => Promise<void>) {
  const { path, remove } = await freshFile();
  const backend = lmdbBackend({ path });
  await backend.create("session", new Map(), LONG);
  try {
    await run(path, backend);
  } finally {
    await backend.close?.();
    await remove();
  }
}

async function counted(backend: ReturnType<typeof lmdbBackend>): Promise<number> {
  return Number((await backend.read("session"))?.attributes.get("n"));
}

test("three processes, 30,000 increments of one counter: none is lost", async () => {
  await withSession(async (path, backend) => {
    const children = await Promise.all([startProcess(), startProcess(), startProcess()]);
    const job: Job = { job: "increment", path, key: "session", times: 10_000 };
    const acknowledged = await Promise.all(children.map((child) => runIn(child, job)));
    assert.deepEqual(acknowledged, [10_000, 10_000, 10_000]);
    assert.equal(await counted(backend), 30_000);
  });
});

test("three processes that make the file at the same moment make one", async () => {
  const { path, remove } = await freshFile();
  const children = await Promise.all([startProcess(), startProcess(), startProcess()]);
  const job: Job = { job: "createKeys", path, key: "key", times: 50 };
  const created = await Promise.all(children.map((child) => runIn(child, job)));
  assert.equal(
    created.reduce((sum: number, count) => sum + Number(count), 0),
    50,
  );
  await remove();
});

test("three processes that write different attributes of one session: none is lost", async () => {
  await withSession(async (path, backend) => {
    const children = await Promise.all([startProcess(), startProcess(), startProcess()]);
    const job: Job = { job: "writeKeys", path, key: "session", times: 300 };
    await Promise.all(children.map((child) => runIn(child, job)));
    assert.equal((await backend.read("session"))?.attributes.size, 900);
  });
});

test("three processes that write while sessions are destroyed: none is revived", async () => {
  await withSession(async (path, backend) => {
    const children = await Promise.all([startProcess(), startProcess(), startProcess()]);
    const keys = Array.from({ length: 250 }, (_, index) => `race.${index}`);
    await Promise.all(keys.map((key) => backend.create(key, new Map(), LONG)));
    const job: Job = { job: "renewUntilGone", path, key: "race", times: keys.length };
    const racing = Promise.all(children.map((child) => runIn(child, job)));
    for (const key of keys) {
      // Each is destroyed while it is being written: someone has counted it up.
      while (!(await backend.read(key))?.attributes.has("n")) await setImmediate();
      assert.deepEqual(await backend.destroy(key, 600_000), { outcome: "ok" });
    }
    assert.deepEqual(await racing, [250, 250, 250]);
    const alive = await Promise.all(keys.map((key) => backend.read(key)));
    assert.equal(alive.filter((session) => session !== null).length, 0);
  });
});

test("workers of node:cluster share the sessions", async () => {
  await withSession(async (path, backend) => {
    cluster.setupPrimary({ exec: CHILD, execArgv: [], args: [] });
    const workers = await Promise.all(
      Array.from({ length: 3 }, async (): Promise<ClusterWorker> => {
        const worker = cluster.fork();
        await once(worker, "message");
        return worker;
      }),
    );
    const job: Job = { job: "increment", path, key: "session", times: 2_000 };
    const answers = workers.map(async (worker) => {
      const exited = once(worker, "exit");
      worker.send(job);
      await exited;
    });
    await Promise.all(answers);
    assert.equal(await counted(backend), 6_000);
  });
});

test("worker threads share the sessions, with the main thread and one another", async () => {
  await withSession(async (path, backend) => {
    const workerData: Job = { job: "increment", path, key: "session", times: 2_000 };
    const threads = Array.from({ length: 3 }, async () => {
      const worker = new Worker(CHILD, { workerData, execArgv: [] });
      const [[message]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
      return (message as { answer: unknown }).answer;
    });
    for (let times = 0; times < 500; times += 1) {
      await backend.update("session", { add: new Map([["n", 1]]) }, LONG);
    }
    assert.deepEqual(await Promise.all(threads), [2_000, 2_000, 2_000]);
    assert.equal(await counted(backend), 6_500);
  });
});
