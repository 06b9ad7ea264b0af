import { inspect } from "node:util";
import { createEngine, memoryBackend, memoryState, OptionError, tableBackend } from "@unstick/session";
import { expect, test, vi } from "vitest";
import { type MemoryRows, memoryTable } from "../src/memory/memory-table.ts";

const size = (groups: MemoryRows): number => [...groups.values()].reduce((sum, rows) => sum + rows.size, 0);

test("100,000 short sessions that nobody reads again: memory holds a third more than is alive", async () => {
  let time = 0;
  const groups: MemoryRows = new Map();
  const backend = tableBackend(memoryTable(() => time, groups));
  let largest = 0;
  for (let index = 0; index < 100_000; index += 1) {
    await backend.create(`session ${index}`, new Map(), { idleMs: 1_000 });
    await backend.linkPrincipal(`principal ${index}`, `session ${index}`, "", { idleMs: 1_000 });
    time += 1;
    if (index % 100 === 0) largest = Math.max(largest, size(groups));
  }
  // Alive are a thousand sessions and as many links.
  expect(largest).toBeLessThan(2_800);
  for (let index = 0; index < 3_000; index += 1) await backend.touch("nobody", { idleMs: 1 });
  time += 2_000;
  for (let index = 0; index < 3_000; index += 1) await backend.touch("nobody", { idleMs: 1 });
  // The counter that orders a principal's sessions.
  expect(size(groups)).toBe(1);
});

test("no timer keeps the process alive", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate"] });
  const [backend, state] = [memoryBackend(), memoryState()];
  await backend.create("a", new Map(), { idleMs: 10 });
  await state.put("a", "1", 10);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test.each([-86_400_000, 86_400_000])("the machine's clock set by %d ms changes no lifetime", async (jump) => {
  const backend = memoryBackend();
  await backend.create("a", new Map(), { idleMs: 60_000 });
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jump });
  const session = await backend.read("a");
  vi.useRealTimers();
  expect(session?.remainingMs).toBeGreaterThan(50_000);
  expect(session?.remainingMs).toBeLessThanOrEqual(60_000);
});

test("lifetimes follow performance.now(), and so do the fake timers of an application's tests", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const engine = createEngine({ backend: memoryBackend(), lifetime: { idleMs: 60_000 } });
  const session = engine.create();
  session.set("user", "ada");
  await session.save();
  const ages = [session.ageMs, (await engine.load(session.id))?.ageMs];
  vi.advanceTimersByTime(59_000);
  ages.push((await engine.load(session.id))?.ageMs);
  vi.advanceTimersByTime(1_001);
  const late = await engine.load(session.id);
  vi.useRealTimers();
  expect(ages).toEqual([0, 0, 59_000]);
  expect(late).toBeNull();
});

test("what is read prints as the map that it stands for", async () => {
  const backend = memoryBackend();
  await backend.create("a", new Map([["user", "ada"]]), { idleMs: 60_000 });
  expect(inspect((await backend.read("a"))?.attributes)).toBe("Map(1) { 'user' => 'ada' }");
});

test("two memory backends do not meet", async () => {
  const [one, other] = [memoryBackend(), memoryBackend()];
  await one.create("a", new Map(), { idleMs: 60_000 });
  expect(await other.read("a")).toBeNull();
});

test("wrong options are refused by name", () => {
  for (const make of [memoryBackend, memoryState]) {
    expect(() => make({ ttl: 5 } as never)).toThrow(OptionError);
    expect(() => make({ ttl: 5 } as never)).toThrow(/option ttl: is unknown; the only option is now/);
    expect(() => make({ now: 5 } as never)).toThrow(/option now: must be a function/);
  }
});
