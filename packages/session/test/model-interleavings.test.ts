import assert from "node:assert/strict";
import { type Backend, memoryBackend } from "@unstick/session";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkThenUpdate } from "./memory-faults.ts";

const LONG = { idleMs: 600_000 };

/** A logout and two writes in flight, resumed in whatever order the scheduler likes. */
async function logoutAmongWrites(scheduler: fc.Scheduler, makeUpdate: MakeUpdate): Promise<void> {
  const backend = memoryBackend();
  const pause = () => scheduler.schedule(Promise.resolve());
  const update = makeUpdate(backend, pause);
  await backend.create("key", new Map(), LONG);
  const write = async (name: string): Promise<void> => {
    await pause();
    await update("key", { set: new Map([[name, "1"]]) }, LONG);
  };
  const logout = async (): Promise<void> => {
    await pause();
    await backend.destroy("key", 0);
  };
  await scheduler.waitFor(Promise.all([write("a"), logout(), write("b")]));
  assert.equal(await backend.read("key"), null);
}

/** A rename and two increments: what was acknowledged is there, under the one live key. */
async function renameAmongWrites(scheduler: fc.Scheduler, makeUpdate: MakeUpdate): Promise<void> {
  const backend = memoryBackend();
  const pause = () => scheduler.schedule(Promise.resolve());
  const update = makeUpdate(backend, pause);
  await backend.create("old", new Map([["n", "0"]]), LONG);
  const increment = async (): Promise<number> => {
    await pause();
    return (await update("old", { add: new Map([["n", 1]]) }, LONG)).outcome === "ok" ? 1 : 0;
  };
  const rename = async (): Promise<number> => {
    await pause();
    await backend.rename("old", "new", {}, LONG, 0);
    return 0;
  };
  const counts = await scheduler.waitFor(Promise.all([increment(), rename(), increment()]));
  assert.equal(await backend.read("old"), null);
  const acknowledged = counts.reduce((sum, count) => sum + count, 0);
  assert.equal((await backend.read("new"))?.attributes.get("n"), `${acknowledged}`);
}

type MakeUpdate = (backend: Backend, pause: () => Promise<void>) => Backend["update"];
const RACES = [logoutAmongWrites, renameAmongWrites];

test.each(RACES)("%O: our verbs hold in every order", async (race) => {
  const property = fc.asyncProperty(fc.scheduler(), (scheduler) => race(scheduler, (b) => b.update));
  await fc.assert(property, { numRuns: 1_000 });
});

test.each(RACES)("%O: looking first and writing then does not", async (race) => {
  const property = fc.asyncProperty(fc.scheduler(), (scheduler) => race(scheduler, checkThenUpdate));
  expect((await fc.check(property, { numRuns: 1_000 })).failed).toBe(true);
});
