import { createEngine, memoryBackend } from "@unstick/session";
import { randomValues } from "./random-values.ts";

/** One process that changes the value of a session so many times, and compares what a save did about it. */
const { count, seed } = JSON.parse(process.argv[2] ?? "") as { count: number; seed: number };

/** So many pairs follow from one value by changes of it. */
const CHAIN = 16;

const engine = createEngine({ backend: memoryBackend(), metrics: false });
const values = randomValues(seed);
const first = engine.create();
first.set("value", null);
await first.save();
const { id } = first;

let before = "null";
let faults = 0;
let changed = 0;
for (let at = 0; at < count; at++) {
  const session = await engine.load(id);
  if (session === null) throw new Error("the session is gone");
  const stored = session.get("value");
  // What was written is what is read: the next pair begins there.
  if (JSON.stringify(stored) !== before) faults++;
  const value = at % CHAIN === 0 ? values.any() : values.changed(stored);
  // In place where that can be: nobody tells the session then.
  if (value !== stored) session.set("value", value);
  const after = JSON.stringify(value);
  const outcome = await session.save();
  if ((outcome === "updated") !== (after !== before)) faults++;
  if (after !== before) changed++;
  before = after;
}
process.send?.({ faults, changed });
