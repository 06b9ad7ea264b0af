import { createEngine, type Engine, memoryBackend } from "@unstick/session";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countedBackend } from "./counted-backend.ts";
import { handleOf, loaded, stored } from "./sessions.ts";

const IDLE_MS = 1_800_000;

/** An engine on a backend whose clock the test moves. */
function clocked(options: Partial<Parameters<typeof createEngine>[0]> = {}) {
  const clock = { now: 1_000_000 };
  const backend = countedBackend(memoryBackend({ now: () => clock.now }));
  return { clock, backend, engine: createEngine({ backend, lifetime: { idleMs: IDLE_MS }, ...options }) };
}

/** One request that writes. */
async function write(engine: Engine, id: string, value: unknown): Promise<void> {
  const session = await loaded(engine, id);
  session.set("value", value);
  expect(await session.save()).toBe("updated");
}

describe("a user who was to be set by a write that met a conflict has no session", () => {
  test.each(["save", "login"] as const)("%s", async (how) => {
    const { engine } = clocked({ onConflict: "error" });
    const id = await stored(engine, { value: 0 });
    const [first, second] = [await loaded(engine, id), await loaded(engine, id)];
    second.set("value", 2);
    first.set("value", 1);
    await first.save();
    second.principal = "ada";
    const write = how === "save" ? second.save() : second.login("ada");
    await expect(write).rejects.toMatchObject({ code: "ERR_UNSTICK_CONFLICT" });
    expect(await engine.principals.endAll("ada")).toBe(0);
    expect(await engine.load(id)).not.toBeNull();
  });
});

describe("the entry of a session in its user's list outlives the session", () => {
  test("that writes with every request, and is never touched", async () => {
    const { clock, engine } = clocked();
    const id = await stored(engine, {}, "ada");
    for (let at = 0; at < 90; at++) {
      clock.now += 30_000;
      await write(engine, id, at);
    }
    expect(await engine.principals.list("ada")).toHaveLength(1);
    expect(await engine.principals.endAll("ada")).toBe(1);
    expect(await engine.load(id)).toBeNull();
  });

  test("of a few seconds, which is entered again at most once a second", async () => {
    const { clock, backend, engine } = clocked({ lifetime: { idleMs: 5_000 } });
    const id = await stored(engine, {}, "ada");
    backend.calls.length = 0;
    for (let at = 0; at < 40; at++) {
      clock.now += 250;
      await write(engine, id, at);
    }
    expect(backend.calls.filter((verb) => verb === "linkPrincipal").length).toBeLessThanOrEqual(10);
    expect(await engine.principals.endAll("ada")).toBe(1);
  });

  test("so that maxSessions counts it", async () => {
    const { clock, engine } = clocked({ maxSessions: { max: 1, policy: "reject" } });
    const id = await stored(engine, {}, "ada");
    for (let at = 0; at < 90; at++) {
      clock.now += 30_000;
      await write(engine, id, at);
    }
    await expect(stored(engine, {}, "ada")).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_LIMIT" });
  });

  test("for one more command, at most once in the interval", async () => {
    const { clock, backend, engine } = clocked();
    const id = await stored(engine, {}, "ada");
    const links = () => backend.calls.filter((verb) => verb === "linkPrincipal").length;
    const atFirst = links();
    for (let at = 0; at < 55; at++) {
      clock.now += 1_000;
      await write(engine, id, at);
    }
    expect(links()).toBe(atFirst);
    for (let at = 0; at < 600; at++) {
      clock.now += 1_000;
      await write(engine, id, at + 100);
    }
    expect(links() - atFirst).toBeGreaterThan(0);
    expect(links() - atFirst).toBeLessThanOrEqual(11);
  });

  test("whose lifetime was made longer, and is given up soon when it was made shorter", async () => {
    const { clock, engine } = clocked({ maxSessions: { max: 1, policy: "reject" } });
    const id = await stored(engine, {}, "ada");
    const long = await loaded(engine, id);
    long.idleMs = 10 * IDLE_MS;
    long.set("remember", true);
    await long.save();
    clock.now += 9 * IDLE_MS;
    expect(await engine.principals.list("ada")).toHaveLength(1);
    const short = await loaded(engine, id);
    short.idleMs = 60_000;
    short.set("remember", false);
    await short.save();
    clock.now += 80_000;
    await stored(engine, {}, "ada");
  });

  test("that was sealed anew in place of a touch", async () => {
    const keys = { a: new Uint8Array(32).fill(1), b: new Uint8Array(32).fill(2) };
    const { clock, backend, engine } = clocked({ encryption: { keys: { a: keys.a }, active: "a" } });
    const id = await stored(engine, {}, "ada");
    const next = createEngine({
      backend,
      lifetime: { idleMs: IDLE_MS },
      encryption: { keys, active: "b" },
    });
    clock.now += IDLE_MS - 1;
    expect(await (await loaded(next, id)).save()).toBe("touched");
    clock.now += IDLE_MS - 1;
    expect(await next.principals.endAll("ada")).toBe(1);
    expect(await next.load(id)).toBeNull();
  });

  test("that was touched by its key", async () => {
    const { clock, engine } = clocked();
    const id = await stored(engine, {}, "ada");
    const { key } = await loaded(engine, id);
    for (let at = 0; at < 3; at++) {
      clock.now += IDLE_MS - 1;
      expect(await engine.touch(key, IDLE_MS, { relink: true })).toBe(true);
    }
    expect(await engine.principals.endAll("ada")).toBe(1);
    expect(await engine.touch(key, IDLE_MS, { relink: true })).toBe(false);
  });

  test("and keeps the device that the session was begun with", async () => {
    const { clock, engine } = clocked();
    const session = engine.create();
    await session.login("ada", { device: { userAgent: "Firefox" } });
    await session.save();
    clock.now += 600_000;
    const later = await loaded(engine, session.id);
    later.device = { userAgent: "curl" };
    later.set("value", 1);
    await later.save();
    expect(await engine.principals.list("ada")).toMatchObject([{ userAgent: "Firefox" }]);
  });

  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), idle: fc.constantFrom(1, 1, 1, 0.2, 4) }),
    fc.record({ kind: fc.constant("touch" as const), always: fc.boolean() }),
    fc.record({ kind: fc.constant("rename" as const) }),
    fc.record({ kind: fc.constant("login" as const), who: fc.constantFrom("ada", "grace") }),
    fc.record({ kind: fc.constant("wait" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );

  test("whatever is done to it, in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.option(fc.constantFrom(0, 1_000, IDLE_MS / 2, IDLE_MS * 2), { nil: undefined }),
        fc.option(fc.constantFrom(IDLE_MS / 2, IDLE_MS * 3), { nil: undefined }),
        async (steps, touchIntervalMs, absoluteMs) => {
          const { clock, engine } = clocked({
            ...(touchIntervalMs !== undefined && { touchIntervalMs }),
            lifetime: { idleMs: IDLE_MS, ...(absoluteMs !== undefined && { absoluteMs }) },
          });
          let id = await stored(engine, {}, "ada");
          let count = 0;
          for (const one of steps) {
            if (one.kind === "wait") clock.now += Math.floor(one.share ** 3 * IDLE_MS);
            const session = await engine.load(id);
            if (session === null) break;
            if (one.kind === "write") {
              session.idleMs = IDLE_MS * one.idle;
              session.set("value", ++count);
              await session.save();
            } else if (one.kind === "touch") {
              await session.save({ deadline: one.always ? "always" : "due" });
            } else if (one.kind !== "wait") {
              await (one.kind === "login" ? session.login(one.who) : session.rename());
              id = session.id;
            }
            const alive = await engine.load(id);
            if (alive === null) break;
            const listed = await engine.principals.list(alive.principal!);
            expect(listed.map(({ handle }) => handle)).toEqual([handleOf(id)]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
