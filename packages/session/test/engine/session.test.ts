import { type Backend, createEngine, type EngineOptions, memoryBackend, sessionKey } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { createKey } from "../../src/koa/shown-key.ts";
import { faultyBackend } from "../faulty-backend.ts";
import { countedBackend } from "./counted-backend.ts";
import { eventLog } from "./event-log.ts";
import { loaded, stored } from "./sessions.ts";

function engineOn(
  backend: Backend,
  options: Omit<EngineOptions, "backend"> = {},
): ReturnType<typeof createEngine> {
  return createEngine({ backend, ...options });
}

test("a save that fails and that nobody waits for does not end the process", async () => {
  const backend = faultyBackend(memoryBackend());
  const session = createEngine({ backend }).create();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  for (const verb of ["create", "destroy"] as const) backend.failing.add(verb);
  session.set("n", 1);
  void session.save();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(session.save()).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND" });
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

describe("a session", () => {
  test("comes back with what was stored", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, { user: "ada", cart: [1, 2], "~odd": 1, "": 2, __proto__x: 3 });
    const session = await loaded(engine, id);
    expect(session.names().sort()).toEqual(["", "__proto__x", "cart", "user", "~odd"]);
    expect(session.get("cart")).toEqual([1, 2]);
    expect(session.get("")).toBe(2);
  });

  test("an attribute named __proto__ is data", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, JSON.parse('{"__proto__":{"polluted":1}}'));
    const session = await loaded(engine, id);
    expect(session.get("__proto__")).toEqual({ polluted: 1 });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("two requests that change different attributes both keep their change", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, { a: 0, b: 0 });
    const [first, second] = [await loaded(engine, id), await loaded(engine, id)];
    first.set("a", 1);
    second.set("b", 1);
    expect(await Promise.all([first.save(), second.save()])).toEqual(["updated", "updated"]);
    const after = await loaded(engine, id);
    expect([after.get("a"), after.get("b")]).toEqual([1, 1]);
  });

  test("an object changed in place is seen, and nothing that was not read is written", async () => {
    const backend = countedBackend(memoryBackend());
    const engine = engineOn(backend);
    const id = await stored(engine, { cart: { items: [1] }, other: { x: 1 } });
    const session = await loaded(engine, id);
    (session.get("cart") as { items: number[] }).items.push(2);
    await session.save();
    expect([...backend.updates.at(-1)!.set!]).toEqual([["cart", '{"items":[1,2]}']]);
  });

  test("a read that changes nothing writes nothing while the deadline is young", async () => {
    const backend = countedBackend(memoryBackend());
    const engine = engineOn(backend);
    const id = await stored(engine, { cart: [1] });
    backend.calls.length = 0;
    const session = await loaded(engine, id);
    session.get("cart");
    expect(await session.save()).toBe("unchanged");
    expect(backend.calls).toEqual(["read"]);
  });

  test("with touchIntervalMs 0 each request moves the deadline", async () => {
    const engine = engineOn(memoryBackend(), { touchIntervalMs: 0 });
    const session = await loaded(engine, await stored(engine, { a: 1 }));
    expect(await session.save()).toBe("touched");
  });

  test("a malformed id costs no call", async () => {
    const backend = countedBackend(memoryBackend());
    const engine = engineOn(backend);
    for (const id of ["", "x", "a".repeat(43), "a".repeat(10_000), "../../etc", "*", "\0".repeat(43)]) {
      expect(await engine.load(id)).toBeNull();
    }
    expect(backend.calls).toEqual([]);
  });

  test('with ids "known", so do all but ours and those that express-session and koa-session make', async () => {
    const backend = countedBackend(memoryBackend());
    const engine = engineOn(backend, { ids: "known" });
    const uuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    const foreign = [
      "",
      "x",
      "a".repeat(31),
      "a".repeat(33),
      "../../etc",
      "*",
      `${uuid}0`,
      "p".repeat(200) + uuid,
    ];
    for (const id of foreign) expect(await engine.load(id)).toBeNull();
    expect(backend.calls).toEqual([]);
    const known = [
      engine.create().id,
      createKey(),
      `shop:${createKey()}`,
      "A-_9".repeat(8),
      uuid,
      `shop:${uuid}`,
    ];
    for (const id of known) expect(await engine.load(id)).toBeNull();
    expect(backend.calls).toEqual(known.map(() => "read"));
  });

  test("a late write does not revive a session that was ended", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, { user: "ada" });
    const late = await loaded(engine, id);
    late.set("a", 1);
    expect(await (await loaded(engine, id)).destroy()).toBe(true);
    expect(await late.save()).toBe("gone");
    expect(await engine.load(id)).toBeNull();
  });

  test("an attribute that is deleted or becomes undefined is removed", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, { a: 1, b: 2, c: 3 });
    const session = await loaded(engine, id);
    session.delete("a");
    session.set("b", undefined);
    await session.save();
    expect((await loaded(engine, id)).names()).toEqual(["c"]);
  });

  test("a value that cannot be serialised is an error, and the stored session is untouched", async () => {
    const engine = engineOn(memoryBackend());
    const id = await stored(engine, { a: 1 });
    const session = await loaded(engine, id);
    session.set("a", 2);
    session.set("big", 1n);
    await expect(session.save()).rejects.toMatchObject({ code: "ERR_UNSTICK_SERIALIZE", attribute: "big" });
    expect((await loaded(engine, id)).get("a")).toBe(1);
  });

  test("a session over the limit is an error, and the old state is kept", async () => {
    const engine = engineOn(memoryBackend(), { maxBytes: 1000 });
    const id = await stored(engine, { a: "x".repeat(500) });
    const session = await loaded(engine, id);
    session.set("b", "y".repeat(600));
    await expect(session.save()).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_TOO_LARGE" });
    expect((await loaded(engine, id)).names()).toEqual(["a"]);
    const fits = await loaded(engine, id);
    fits.set("a", "x".repeat(900));
    expect(await fits.save()).toBe("updated");
  });

  test("a session over warnBytes is stored and told, whether made, changed or renamed", async () => {
    const events = eventLog(["large"]);
    const engine = engineOn(memoryBackend(), { warnBytes: 1000 });
    const id = await stored(engine, { a: "x".repeat(500) });
    const session = await loaded(engine, id);
    expect(events).toEqual([]);
    session.set("b", "y".repeat(600));
    expect(await session.save()).toBe("updated");
    session.set("c", 1);
    await session.rename();
    const { handle } = session;
    await stored(engine, { a: "x".repeat(1001) });
    const sizes = events.map(([, { bytes }]) => bytes as number);
    expect(sizes).toEqual([1106, 1108, 1004]);
    expect(events[1]?.[1]).toEqual({ backend: "memory", handle, bytes: 1108 });
    (await loaded(engine, session.id)).delete("b");
    expect(events).toHaveLength(3);
  });

  test("saves of one session run one after another: a counter's change is added once", async () => {
    const engine = engineOn(memoryBackend(), { attributes: { views: "counter" } });
    const id = await stored(engine, { views: 1 });
    const session = await loaded(engine, id);
    session.set("views", 2);
    await Promise.all([session.save(), session.save()]);
    expect((await loaded(engine, id)).get("views")).toBe(2);
  });

  test("the key of a session does not show its id", async () => {
    const engine = engineOn(memoryBackend());
    const session = engine.create();
    expect(session.key).toBe(sessionKey(session.id));
    expect(session.key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify([session.handle])).not.toContain(session.id);
  });
});
