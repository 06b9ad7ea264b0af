import { createEngine, type Engine, memoryBackend } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { eventLog } from "./event-log.ts";
import { loaded, stored } from "./sessions.ts";

async function together(
  engine: Engine,
  id: string,
  changes: readonly ((value: never) => unknown)[],
  name: string,
) {
  const sessions = await Promise.all(changes.map(() => loaded(engine, id)));
  for (const [at, change] of changes.entries())
    sessions[at]!.set(name, change(sessions[at]!.get(name) as never));
  await Promise.all(sessions.map((session) => session.save()));
  return sessions;
}

const increment = (views: number | undefined) => (views ?? 0) + 1;

describe("two requests that change one attribute", () => {
  test("by default the last writer wins", async () => {
    const engine = createEngine({ backend: memoryBackend() });
    const id = await stored(engine, { name: "a" });
    await together(engine, id, [() => "b", () => "c"], "name");
    expect((await loaded(engine, id)).get("name")).toBe("c");
  });

  test("a declared counter adds up, and each request sees the sum after its save", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { views: "counter" } });
    const id = await stored(engine, {});
    const sessions = await together(engine, id, Array(100).fill(increment), "views");
    expect((await loaded(engine, id)).get("views")).toBe(100);
    expect(
      sessions
        .map((session) => session.get("views"))
        .sort((a, b) => Number(a) - Number(b))
        .at(-1),
    ).toBe(100);
    sessions[0]!.set("views", increment(sessions[0]!.get("views") as number));
    await sessions[0]!.save();
    expect((await loaded(engine, id)).get("views")).toBe(101);
  });

  test("a counter that the application raises while its save is under way keeps both raises", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { views: "counter" } });
    const session = await loaded(engine, await stored(engine, { views: 1 }));
    session.set("views", 2);
    const saving = session.save();
    session.set("views", 3);
    await saving;
    await session.save();
    expect((await loaded(engine, session.id)).get("views")).toBe(3);
  });

  test("a counter that holds no integer is written as it is, and becomes a counter again", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { views: "counter" } });
    const id = await stored(engine, { views: 1.5 });
    const session = await loaded(engine, id);
    session.set("views", 7);
    await session.save();
    await together(engine, id, [increment, increment], "views");
    expect((await loaded(engine, id)).get("views")).toBe(9);
  });

  test("a sum beyond the safe integers is a conflict and changes nothing", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { views: "counter" } });
    const id = await stored(engine, { views: 1 });
    const late = await loaded(engine, id);
    const first = await loaded(engine, id);
    first.set("views", Number.MAX_SAFE_INTEGER - 1);
    await first.save();
    late.set("views", 10);
    await expect(late.save()).rejects.toMatchObject({ code: "ERR_UNSTICK_CONFLICT", status: 409 });
    expect((await loaded(engine, id)).get("views")).toBe(Number.MAX_SAFE_INTEGER - 1);
  });

  test("a declared merge is given base, theirs and ours, and loses nothing among many", async () => {
    const events = eventLog(["conflict"]);
    const merge = (base: unknown, theirs: unknown, ours: unknown) => [
      ...new Set([...((theirs ?? base ?? []) as number[]), ...(ours as number[])]),
    ];
    const engine = createEngine({ backend: memoryBackend(), attributes: { cart: merge } });
    const id = await stored(engine, { cart: [0] });
    const changes = Array.from({ length: 20 }, (_, item) => (cart: number[]) => [...cart, item + 1]);
    await together(engine, id, changes, "cart");
    const cart = (await loaded(engine, id)).get("cart") as number[];
    expect(cart.sort((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, item) => item));
    expect(events.length).toBeGreaterThan(0);
    expect(events[0]![1]).toMatchObject({ attributes: ["cart"], resolution: "merged" });
  });

  test("a merge may remove what it merges", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { cart: () => undefined } });
    const id = await stored(engine, { cart: 0 });
    await together(engine, id, [() => 1, () => 2], "cart");
    expect((await loaded(engine, id)).has("cart")).toBe(false);
  });

  test("what a merge removed is gone for the request, too: its next save does not bring it back", async () => {
    const engine = createEngine({ backend: memoryBackend(), attributes: { cart: () => undefined } });
    const id = await stored(engine, { cart: 0 });
    const [, late] = await together(engine, id, [() => 1, () => 2], "cart");
    expect(late!.has("cart")).toBe(false);
    await late!.save();
    expect((await loaded(engine, id)).has("cart")).toBe(false);
  });

  test("what a merge kept of a removal is there for the request, too: its next save does not remove it", async () => {
    const merge = (_base: unknown, theirs: unknown, ours: unknown) => ours ?? theirs;
    const engine = createEngine({ backend: memoryBackend(), attributes: { cart: merge } });
    const id = await stored(engine, { cart: 1 });
    const [first, late] = [await loaded(engine, id), await loaded(engine, id)];
    first.set("cart", 2);
    late.delete("cart");
    await first.save();
    await late.save();
    expect(late.get("cart")).toBe(2);
    await late.save();
    expect((await loaded(engine, id)).get("cart")).toBe(2);
  });

  test("a removal stays one for the merge, however often others write between", async () => {
    const given: unknown[] = [];
    const merge = (_base: unknown, theirs: unknown, ours: unknown) => {
      given.push(ours);
      return theirs;
    };
    const backend = memoryBackend();
    const others = createEngine({ backend });
    const between: (() => Promise<unknown>)[] = [];
    const update: typeof backend.update = async (...args) => {
      await between.shift()?.();
      return backend.update(...args);
    };
    const engine = createEngine({ backend: { ...backend, update }, attributes: { cart: merge } });
    const session = await loaded(engine, await stored(engine, { cart: 1 }));
    session.set("cart", 2);
    await session.save();
    session.delete("cart");
    for (const cart of [3, 4]) {
      between.push(async () => {
        const other = await loaded(others, session.id);
        other.set("cart", cart);
        await other.save();
      });
    }
    await session.save();
    expect(given).toEqual([undefined, undefined]);
    expect((await loaded(engine, session.id)).get("cart")).toBe(4);
  });

  test('with onConflict "error" the second is told, and may load and repeat', async () => {
    const engine = createEngine({ backend: memoryBackend(), onConflict: "error" });
    const id = await stored(engine, { name: "a", other: 1 });
    const [first, second] = [await loaded(engine, id), await loaded(engine, id)];
    first.set("name", "b");
    second.set("name", "c");
    await first.save();
    await expect(second.save()).rejects.toMatchObject({ code: "ERR_UNSTICK_CONFLICT", attributes: ["name"] });
    const third = await loaded(engine, id);
    third.set("other", 2);
    expect(await third.save()).toBe("updated");
    expect((await loaded(engine, id)).get("name")).toBe("b");
  });
});
