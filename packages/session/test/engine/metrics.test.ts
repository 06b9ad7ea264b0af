import { metrics } from "@opentelemetry/api";
import { type Backend, createEngine, memoryBackend } from "@unstick/session";
import { expect, onTestFinished, test } from "vitest";
import { loaded, stored } from "./sessions.ts";

test("with OpenTelemetry's API in the application, reads, changes, bytes and calls are counted, and no id is in them", async () => {
  const measured: { name: string; value: number; attributes: Record<string, unknown> }[] = [];
  const instrument = (name: string) => {
    const note = (value: number, attributes: Record<string, unknown>): void =>
      void measured.push({ name, value, attributes });
    return { add: note, record: note };
  };
  let collect: ((result: { observe(name: string, value: number): void }) => Promise<void>) | undefined;
  const meter = {
    createCounter: instrument,
    createHistogram: instrument,
    createObservableCounter: (name: string) => name,
    createObservableGauge: (name: string) => name,
    addBatchObservableCallback: (callback: typeof collect) => {
      collect = callback;
    },
  };
  const statistics = async () => ({ evictedKeys: 3, replicationDelayMs: 2_000 });
  const engine = createEngine({
    backend: { ...memoryBackend(), statistics } as Backend,
    metrics: { countEveryMs: 1_000 },
  });
  metrics.setGlobalMeterProvider({ getMeter: () => meter } as never);
  onTestFinished(() => metrics.disable());
  const id = await stored(engine, { user: "ada" }, "ada");
  await expect.poll(async () => (await engine.load(id)) && measured.length).toBeGreaterThan(0);
  const session = await loaded(engine, id);
  session.set("cart", [1]);
  await session.save();
  await session.destroy();
  await engine.load(id);
  const names = new Set(measured.map(({ name }) => name));
  expect([...names].sort()).toEqual([
    "unstick.session.call.duration",
    "unstick.session.events",
    "unstick.session.reads",
    "unstick.session.written",
  ]);
  expect(measured).toContainEqual({
    name: "unstick.session.reads",
    value: 1,
    attributes: { backend: "memory", outcome: "miss" },
  });
  const observed: [string, number][] = [];
  await collect!({ observe: (name, value) => void observed.push([name, value]) });
  expect(observed).toEqual([
    ["unstick.session.server.evicted", 3],
    ["unstick.session.server.replication_delay", 2],
  ]);
  await stored(engine, { user: "bob" }, "bob");
  await expect
    .poll(
      async () => {
        observed.length = 0;
        await collect!({ observe: (name, value) => void observed.push([name, value]) });
        return observed[0];
      },
      { timeout: 5_000 },
    )
    .toEqual(["unstick.session.count", 1]);
  const text = JSON.stringify(measured);
  for (const secret of [id, session.handle, "ada"]) expect(text).not.toContain(secret);
});
