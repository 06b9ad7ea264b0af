import { createEngine, memoryBackend } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { eventLog } from "./event-log.ts";
import { loaded, stored } from "./sessions.ts";

describe("a new id", () => {
  test("keeps what is chosen, and the old id is dead after the grace", async () => {
    let now = 1_000_000;
    const engine = createEngine({ backend: memoryBackend({ now: () => now }), graceMs: 5_000 });
    const old = await stored(engine, { cart: [1], csrf: "x" });
    const session = await loaded(engine, old);
    session.set("greeted", true);
    expect(await session.login("ada", { keep: ["cart", "greeted"] })).toBe("renamed");
    expect(session.id).not.toBe(old);
    expect((await loaded(engine, session.id)).toObject()).toEqual({ cart: [1], greeted: true });
    now += 5_001;
    expect(await engine.load(old)).toBeNull();
  });

  test("within the grace the old id reads the session as it was, and refuses writes", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, { cart: [1] });
    await (await loaded(engine, old)).login("ada");
    const inFlight = await loaded(engine, old);
    expect(inFlight.isReplaced).toBe(true);
    expect(inFlight.principal).toBeUndefined();
    expect(inFlight.get("cart")).toEqual([1]);
    expect(await inFlight.save()).toBe("unchanged");
    inFlight.set("cart", []);
    expect(await inFlight.save()).toBe("moved");
  });

  test("of two logins of one user the second's writes follow to the new id", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, { a: 0 });
    const [first, second] = [await loaded(engine, old), await loaded(engine, old)];
    first.set("b", 1);
    second.set("c", 1);
    expect(await first.login("ada")).toBe("renamed");
    expect(await second.login("ada")).toBe("followed");
    expect((await loaded(engine, first.id)).toObject()).toEqual({ a: 0, b: 1, c: 1 });
    expect(await engine.principals.list("ada")).toHaveLength(1);
  });

  test("of two logins of two users the second is refused with 409", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, {});
    const [first, second] = [await loaded(engine, old), await loaded(engine, old)];
    second.set("c", 1);
    await first.login("ada");
    await expect(second.login("eve")).rejects.toMatchObject({
      code: "ERR_UNSTICK_SESSION_REPLACED",
      status: 409,
    });
    expect((await loaded(engine, first.id)).toObject()).toEqual({});
    expect(await engine.principals.list("eve")).toEqual([]);
  });

  test("of two that rename without a user the second is refused: what a planted id writes does not follow", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, {});
    const [first, second] = [await loaded(engine, old), await loaded(engine, old)];
    await first.rename();
    await expect(second.rename()).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_REPLACED" });
  });

  test("a login of a session that was ended is refused", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, {});
    const [late, logout] = [await loaded(engine, old), await loaded(engine, old)];
    await logout.destroy();
    await expect(late.login("ada")).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_REPLACED" });
    expect(await engine.principals.list("ada")).toEqual([]);
  });

  test("a logout under the old id, within the grace, ends the session where it is now", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, {});
    const session = await loaded(engine, old);
    const logout = await loaded(engine, old);
    await session.login("ada");
    expect(await logout.destroy()).toBe(true);
    expect(await engine.load(session.id)).toBeNull();
  });

  test("a logout under the new id ends the grace of the old one, over several renames", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, { user: "ada" }, "ada");
    const session = await loaded(engine, old);
    await session.rename();
    await session.rename();
    expect(await engine.load(old)).not.toBeNull();
    await session.destroy();
    expect(await engine.load(old)).toBeNull();
  });

  test("no event shows an id", async () => {
    const events = eventLog();
    const engine = createEngine({ backend: memoryBackend() });
    const old = await stored(engine, { a: 1 });
    const session = await loaded(engine, old);
    session.set("a", 2);
    await session.save();
    await session.login("ada");
    const renamed = session.id;
    await session.destroy();
    await engine.load(old);
    expect(events.map(([name]) => name)).toEqual([
      "created",
      "loaded",
      "saved",
      "renamed",
      "destroyed",
      "missed",
    ]);
    const text = JSON.stringify(events);
    expect(text).not.toContain(old);
    expect(text).not.toContain(renamed);
    expect(text).not.toContain("ada");
  });
});
