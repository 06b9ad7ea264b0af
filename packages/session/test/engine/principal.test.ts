import { createEngine, memoryBackend } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { handleOf, loaded, stored } from "./sessions.ts";

describe("a user's sessions", () => {
  test("are listed with times and device, and with no id", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const session = engine.create();
    await session.login("ada", { device: { userAgent: "Firefox", address: "192.0.2.7" } });
    await session.save();
    await stored(engine, {}, "grace");
    const list = await engine.principals.list("ada");
    expect(list).toMatchObject([
      { handle: handleOf(session.id), userAgent: "Firefox", address: "192.0.2.7" },
    ]);
    expect(Math.abs(list[0]!.lastSeenAt.getTime() - Date.now())).toBeLessThan(5000);
    expect(JSON.stringify(list)).not.toContain(session.id);
    expect(await engine.load(list[0]!.handle)).toBeNull();
  });

  test("one, all others and all can be ended", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const ids = [];
    for (let at = 0; at < 4; at++) ids.push(await stored(engine, { at }, "ada"));
    const grace = await stored(engine, {}, "grace");
    expect(await engine.principals.end("grace", handleOf(ids[0]!))).toBe(false);
    expect(await engine.principals.end("ada", handleOf(ids[0]!))).toBe(true);
    expect(await engine.load(ids[0]!)).toBeNull();
    expect(await engine.principals.endOthers("ada", handleOf(ids[1]!))).toBe(2);
    expect((await engine.principals.list("ada")).map(({ handle }) => handle)).toEqual([handleOf(ids[1]!)]);
    expect(await engine.principals.endAll("ada")).toBe(1);
    expect(await engine.principals.list("ada")).toEqual([]);
    expect(await engine.load(grace)).not.toBeNull();
  });

  test("end with the session, and move with a rename", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const session = await loaded(engine, await stored(engine, {}, "ada"));
    await session.rename();
    expect((await engine.principals.list("ada")).map(({ handle }) => handle)).toEqual([handleOf(session.id)]);
    await session.destroy();
    expect(await engine.principals.list("ada")).toEqual([]);
  });

  test('at the limit "reject" refuses a login and changes nothing', async () => {
    const engine = createEngine({ backend: memoryBackend(), maxSessions: { max: 2, policy: "reject" } });
    const ids = [await stored(engine, {}, "ada"), await stored(engine, {}, "ada")];
    await expect(stored(engine, {}, "ada")).rejects.toMatchObject({
      code: "ERR_UNSTICK_SESSION_LIMIT",
      status: 403,
    });
    expect(await engine.principals.list("ada")).toHaveLength(2);
    await (await loaded(engine, ids[0]!)).rename();
    await (await loaded(engine, ids[1]!)).destroy();
    await stored(engine, {}, "ada");
    expect(await engine.principals.list("ada")).toHaveLength(2);
  });

  test('at the limit "evict-oldest" ends the oldest', async () => {
    const engine = createEngine({
      backend: memoryBackend(),
      maxSessions: { max: 2, policy: "evict-oldest" },
    });
    const ids = [];
    for (let at = 0; at < 5; at++) ids.push(await stored(engine, { at }, "ada"));
    const alive = await Promise.all(ids.map((id) => engine.load(id)));
    expect(alive.map((session) => session !== null)).toEqual([false, false, false, true, true]);
  });

  test("a session that is being renamed counts once, though it is listed under both ids", async () => {
    const inner = memoryBackend();
    let meanwhile = async (): Promise<unknown> => undefined;
    const rename: typeof inner.rename = async (...args) => {
      await meanwhile();
      return inner.rename(...args);
    };
    const engine = createEngine({
      backend: { ...inner, rename },
      maxSessions: { max: 2, policy: "reject" },
    });
    const session = await loaded(engine, await stored(engine, {}, "ada"));
    meanwhile = () => stored(engine, {}, "ada");
    expect(await session.rename()).toBe("renamed");
    expect(await engine.principals.list("ada")).toHaveLength(2);
    await expect(stored(engine, {}, "ada")).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_LIMIT" });
  });

  test("10,000 sessions are ended with none surviving, those being stored at that moment included", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const ids: string[] = [];
    for (let at = 0; at < 9_000; at++) ids.push(await stored(engine, {}, "ada"));
    let ended: Promise<number> | undefined;
    const late: Promise<void>[] = [];
    for (let at = 0; at < 1_000; at++) {
      if (at === 500) ended = engine.principals.endAll("ada");
      const session = engine.create();
      session.principal = "ada";
      // Those that enter the index after the last look of endAll are logins that came after it.
      late.push(
        session.save().then((outcome) => void (outcome === "created" && at < 500 && ids.push(session.id))),
      );
    }
    await Promise.all([ended, ...late]);
    const survivors = (await Promise.all(ids.map((id) => engine.load(id)))).filter(
      (session) => session !== null,
    );
    expect(survivors).toEqual([]);
    expect(await ended).toBeGreaterThanOrEqual(9_000);
  });

  test("a session whose deadline is moved stays in the list", async () => {
    let now = 1_000_000;
    const engine = createEngine({
      backend: memoryBackend({ now: () => now }),
      lifetime: { idleMs: 10_000 },
      touchIntervalMs: 0,
    });
    const id = await stored(engine, {}, "ada");
    for (let step = 0; step < 5; step++) {
      now += 6_000;
      expect(await (await loaded(engine, id)).save()).toBe("touched");
    }
    expect(await engine.principals.list("ada")).toHaveLength(1);
    now += 10_001;
    expect(await engine.principals.list("ada")).toEqual([]);
  });
});
