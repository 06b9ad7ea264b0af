import { writeSync } from "node:fs";
import { lmdbBackend } from "@unstick/lmdb";

const LONG = { idleMs: 600_000 };

type JobName =
  | "countUp"
  | "openAndClose"
  | "createKeys"
  | "increment"
  | "writeKeys"
  | "reportWrites"
  | "renewUntilGone";

export interface Job {
  readonly job: JobName;
  readonly path: string;
  readonly key: string;
  readonly times: number;
}

type Work = (backend: Backend, key: string, times: number, path: string) => Promise<unknown>;

/** What a process, a cluster worker or a thread does for a test; it answers by a message. */
const jobs: Readonly<Record<JobName, Work>> = {
  countUp,
  openAndClose,
  createKeys,
  increment,
  writeKeys,
  reportWrites,
  renewUntilGone,
};

export async function runJob({ job, path, key, times }: Job): Promise<unknown> {
  const backend = lmdbBackend({ path });
  try {
    return await jobs[job](backend, key, times, path);
  } finally {
    await backend.close?.();
  }
}

type Backend = ReturnType<typeof lmdbBackend>;

/** So many increments, one after the other: a commit for each. Answers how many were acknowledged. */
async function countUp(backend: Backend, key: string, times: number): Promise<number> {
  let acknowledged = 0;
  while (acknowledged < times) {
    const { outcome } = await backend.update(key, { add: new Map([["n", 1]]) }, LONG);
    if (outcome !== "ok") break;
    acknowledged += 1;
  }
  return acknowledged;
}

/** Opens and closes the file so many times, and reads in between. */
async function openAndClose(backend: Backend, key: string, times: number, path: string): Promise<void> {
  await backend.close?.();
  for (let index = 0; index < times; index += 1) {
    const again = lmdbBackend({ path });
    await again.read(key);
    await again.close?.();
  }
}

/** Creates `key.0`, `key.1`, …; answers how many of them nobody had created before. */
async function createKeys(backend: Backend, key: string, times: number): Promise<number> {
  const keys = Array.from({ length: times }, (_, index) => `${key}.${index}`);
  const outcomes = await Promise.all(keys.map((name) => backend.create(name, new Map(), LONG)));
  return outcomes.filter((outcome) => outcome === "ok").length;
}

/** So many increments, 50 in flight; answers how many were acknowledged. */
async function increment(backend: Backend, key: string, times: number): Promise<number> {
  let [started, acknowledged] = [0, 0];
  const lane = async (): Promise<void> => {
    while (started < times) {
      started += 1;
      const answer = await backend.update(key, { add: new Map([["n", 1]]) }, LONG);
      if (answer.outcome === "ok") acknowledged += 1;
    }
  };
  await Promise.all(Array.from({ length: 50 }, lane));
  return acknowledged;
}

/** An attribute of its own with each write, 50 in flight. */
async function writeKeys(backend: Backend, key: string, times: number): Promise<void> {
  const writes = Array.from({ length: times }, (_, index) =>
    backend.update(key, { set: new Map([[`${process.pid}.${index}`, "1"]]) }, LONG),
  );
  await Promise.all(writes);
}

/**
 * Creates `key.0`, `key.1`, … and prints each number once it is acknowledged, until it is killed. Beside each
 * a session that is expired at once, so that there is always something to sweep.
 */
async function reportWrites(backend: Backend, key: string, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const values = new Map([["value", `${key} ${index}`.repeat(1 + (index % 400))]]);
    const created = backend.create(`${key}.${index}`, values, LONG);
    const counted = backend.update("counter", { add: new Map([[key, 1]]) }, LONG);
    const shortLived = backend.create(`${key} short ${index}`, values, { idleMs: 1 });
    const [outcome, answer] = await Promise.all([created, counted, shortLived]);
    if (outcome === "ok" && answer.outcome === "ok") writeSync(1, `${index}\n`);
  }
}

/** Writes to each of `key.0`, `key.1`, … until it is told that the session is gone; then on for a while. */
async function renewUntilGone(backend: Backend, key: string, times: number): Promise<number> {
  let refused = 0;
  for (let index = 0; index < times; index += 1) {
    const session = `${key}.${index}`;
    while ((await backend.update(session, { add: new Map([["n", 1]]) }, LONG)).outcome === "ok");
    const late = [
      backend.update(session, { set: new Map([["late", "1"]]) }, LONG),
      backend.create(session, new Map([["late", "1"]]), LONG),
      backend.touch(session, LONG),
    ] as const;
    const [updated, created, touched] = await Promise.all(late);
    if (updated.outcome === "gone" && created === "gone" && touched === "gone") refused += 1;
  }
  return refused;
}
