import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { runInNewContext } from "node:vm";
import { type Answer, BackendError, createEngine, memoryBackend } from "@unstick/session";
import { expect, onTestFinished, test, vi } from "vitest";
import { eventLog } from "./event-log.ts";
import { stored } from "./sessions.ts";

type Reply<Value> = (answer: () => Value) => Answer<Value>;

const OtherPromise = runInNewContext("Promise") as PromiseConstructor;

/** How a backend may answer. */
const ways: readonly [string, Reply<never>][] = [
  ["at once", (answer) => answer()],
  ["by a promise", async (answer) => answer()],
  ["by the promise of another realm", (answer) => OtherPromise.resolve(answer())],
];

/** A backend in memory that answers a read and an update in this way. */
function answering(reply: Reply<never>): ReturnType<typeof memoryBackend> {
  const inner = memoryBackend();
  return {
    ...inner,
    read: (...args) => reply(() => inner.read(...args) as never),
    update: (...args) => reply(() => inner.update(...args) as never),
  };
}

test.each(ways)("a backend that answers %s: what is loaded and saved is the same", async (_way, reply) => {
  const told = eventLog(["call"]);
  const engine = createEngine({ backend: answering(reply), deadlineMs: 1_000 });
  const id = await stored(engine, { n: 1 });
  const session = await engine.loadAs(id, {}, (found) => found);
  expect(session?.get("n")).toBe(1);
  session?.set("n", 2);
  expect(await session?.saveNow({}, (outcome) => outcome)).toBe("updated");
  expect((await engine.load(id))?.get("n")).toBe(2);
  expect(told.map(([, { verb, outcome }]) => [verb, outcome])).toEqual([
    ["create", "ok"],
    ["read", "ok"],
    ["update", "ok"],
    ["read", "ok"],
  ]);
});

test("who answers at once is taken at its word at once, and no timer runs", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const engine = createEngine({ backend: memoryBackend(), deadlineMs: 1_000 });
  const id = await stored(engine, { n: 1 });
  const loaded = engine.loadAs(id, {}, (session) => {
    session?.set("n", 2);
    return session?.saveNow({}, (outcome) => `saved: ${outcome}`);
  });
  const missed = engine.loadAs(engine.create().id, {}, (session) => session);
  expect([loaded, missed, vi.getTimerCount()]).toEqual(["saved: updated", null, 0]);
  vi.useRealTimers();
});

test.each([
  [
    "thrown",
    () => {
      throw new TypeError("a fault with a secret in it");
    },
  ],
  ["rejected", () => Promise.reject(new TypeError("a fault with a secret in it"))],
] as const)("what a backend says when it fails is typed, told, and told once: %s", async (_way, fail) => {
  const engine = createEngine({ backend: memoryBackend() });
  const id = await stored(engine, { n: 1 });
  const failing = createEngine({ backend: { ...engine.backend, read: fail, update: fail } });
  const told = eventLog(["call"]);
  const session = await engine.load(id);
  session?.set("n", 2);
  const other = await createEngine({ backend: { ...engine.backend, update: fail } }).load(id);
  other?.set("n", 3);
  const attempts = [
    async () => failing.load(id),
    async () => failing.loadAs(id, {}, (found) => found),
    async () => other?.saveNow({}, (outcome) => outcome),
    async () => other?.save(),
  ];
  for (const attempt of attempts) {
    const error = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(BackendError);
    expect([(error as BackendError).status, String(error).includes("secret")]).toEqual([503, false]);
  }
  expect(told.filter(([, { outcome }]) => outcome !== "ok")).toHaveLength(attempts.length);
  expect((await engine.load(id))?.get("n")).toBe(1);
});

test("who is told of a call finds the session as it is then: a save from there adds nothing twice", async () => {
  const engine = createEngine({ backend: memoryBackend(), attributes: { n: "counter" } });
  const id = await stored(engine, { n: 1 });
  const session = await engine.load(id);
  const outcomes: unknown[] = [];
  const again = (message: unknown): void => {
    if ((message as { verb: string }).verb !== "update" || outcomes.length > 0) return;
    outcomes.push(session?.saveNow({}, (outcome) => outcome));
  };
  subscribe("unstick.session.call", again);
  onTestFinished(() => void unsubscribe("unstick.session.call", again));
  session?.set("n", 2);
  session?.saveNow({}, (outcome) => outcomes.push(outcome));
  expect([outcomes, (await engine.load(id))?.get("n")]).toEqual([["unchanged", "updated"], 2]);
});
