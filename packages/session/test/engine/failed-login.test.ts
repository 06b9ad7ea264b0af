import { createEngine, type Engine, memoryBackend } from "@unstick/session";
import { describe, expect, test } from "vitest";
import { faultyBackend } from "../faulty-backend.ts";
import { countedBackend } from "./counted-backend.ts";
import { loaded, stored } from "./sessions.ts";

/** Where the engine keeps the note of whose session it is. */
const NOTE = "~p";

interface Place {
  readonly backend: ReturnType<typeof faultyBackend<ReturnType<typeof countedBackend<Memory>>>>;
  readonly engine: Engine;
}
type Memory = ReturnType<typeof memoryBackend>;

function place(options: object = {}): Place {
  const backend = faultyBackend(countedBackend(memoryBackend()));
  return { backend, engine: createEngine({ backend, ...options }) };
}

const sessionsOf = async ({ engine }: Place, user: string): Promise<number> =>
  (await engine.principals.list(user)).length;

describe("a login that fails", () => {
  test("leaves nobody in the session, whatever is saved afterwards under the id that may be planted", async () => {
    const at = place();
    const id = await stored(at.engine, { cart: [1] });
    const session = await loaded(at.engine, id);
    at.backend.failing.add("rename");
    await expect(session.login("ada", { device: { address: "::1" } })).rejects.toThrow("rename failed");
    at.backend.failing.clear();
    session.set("tried", true);
    expect(await session.save()).toBe("updated");
    const again = await loaded(at.engine, id);
    expect([again.principal, again.device, again.get("tried"), await sessionsOf(at, "ada")]).toEqual([
      undefined,
      undefined,
      true,
      0,
    ]);
  });

  test("leaves in it who was there", async () => {
    const at = place();
    const id = await stored(at.engine, {}, "ben");
    const session = await loaded(at.engine, id);
    at.backend.failing.add("rename");
    await expect(session.login("ada")).rejects.toThrow("rename failed");
    at.backend.failing.clear();
    session.set("n", 1);
    await session.save();
    expect([(await loaded(at.engine, id)).principal, await sessionsOf(at, "ben")]).toEqual(["ben", 1]);
  });

  test("as one that is one too many", async () => {
    const at = place({ maxSessions: { max: 1, policy: "reject" } });
    await stored(at.engine, {}, "ada");
    const id = await stored(at.engine, {});
    const session = await loaded(at.engine, id);
    await expect(session.login("ada")).rejects.toMatchObject({ code: "ERR_UNSTICK_SESSION_LIMIT" });
    session.set("n", 1);
    expect([await session.save(), (await loaded(at.engine, id)).principal]).toEqual(["updated", undefined]);
  });

  test("leaves what is stored: neither what was set before is saved afterwards, nor what was not to go along lost", async () => {
    const at = place();
    const id = await stored(at.engine, { cart: [1], theme: "dark", old: 1 });
    const session = await loaded(at.engine, id);
    session.set("theme", "light");
    await session.save();
    for (const attempt of [
      () => session.login("ada", { keep: ["theme"] }),
      () => session.rename({ keep: [] }),
    ]) {
      session.set("user", "ada");
      session.set("cart", [2]);
      session.delete("old");
      session.principal = "ada";
      at.backend.failing.add("rename");
      await expect(attempt()).rejects.toThrow("rename failed");
      at.backend.failing.clear();
      expect([session.get("user"), session.get("cart"), session.names().sort()]).toEqual([
        undefined,
        [1],
        ["cart", "old", "theme"],
      ]);
      expect(await session.save()).toBe("unchanged");
    }
    session.set("tried", 2);
    await session.save();
    const again = await loaded(at.engine, id);
    expect([again.toObject(), again.principal]).toEqual([
      { cart: [1], theme: "light", old: 1, tried: 2 },
      undefined,
    ]);
  });

  test("counts nowhere: the next is no second session of the user's", async () => {
    const at = place({ maxSessions: { max: 1, policy: "reject" } });
    for (const verb of ["rename", "create"] as const) {
      const session =
        verb === "create" ? at.engine.create() : await loaded(at.engine, await stored(at.engine, {}));
      at.backend.failing.add(verb);
      await expect(session.login(`user of ${verb}`)).rejects.toThrow(`${verb} failed`);
      at.backend.failing.clear();
      expect(await session.login(`user of ${verb}`)).toBe("renamed");
      expect(await sessionsOf(at, `user of ${verb}`)).toBe(1);
    }
  });

  test("whose answer alone was lost leaves no session behind", async () => {
    const at = place();
    const id = await stored(at.engine, { cart: [1] });
    const session = await loaded(at.engine, id);
    const { rename } = at.backend;
    const losing = createEngine({
      backend: {
        ...at.engine.backend,
        rename: async (...args: Parameters<typeof rename>) => {
          await rename(...args);
          throw new Error("the connection broke");
        },
      },
    });
    await expect((await loaded(losing, session.id)).login("ada")).rejects.toThrow("rename failed");
    const alive: string[] = [];
    for await (const key of at.backend.sessionKeys()) alive.push(key);
    expect([alive, await sessionsOf(at, "ada")]).toEqual([[], 0]);
  });

  test("of a session that is new: it is stored by nobody's name", async () => {
    const at = place();
    const session = at.engine.create();
    session.set("n", 1);
    at.backend.failing.add("create");
    await expect(session.login("ada")).rejects.toThrow("create failed");
    at.backend.failing.clear();
    expect([await session.save(), session.principal]).toEqual(["created", undefined]);
    expect([(await loaded(at.engine, session.id)).principal, await sessionsOf(at, "ada")]).toEqual([
      undefined,
      0,
    ]);
  });

  test("and may be tried again", async () => {
    const at = place();
    const id = await stored(at.engine, { cart: [1] });
    const session = await loaded(at.engine, id);
    at.backend.failing.add("rename");
    await expect(session.login("ada")).rejects.toThrow("rename failed");
    at.backend.failing.clear();
    expect(await session.login("ada")).toBe("renamed");
    expect([(await loaded(at.engine, session.id)).principal, await sessionsOf(at, "ada")]).toEqual([
      "ada",
      1,
    ]);
  });
});

test("a login of a session that is new stores it", async () => {
  const at = place();
  const session = at.engine.create();
  expect([await session.login("ada"), session.isNew]).toEqual(["renamed", false]);
  expect((await loaded(at.engine, session.id)).principal).toBe("ada");
});

test("a session that has to make room and cannot be ended fails no login, and makes room at the next", async () => {
  const at = place({ maxSessions: { max: 1, policy: "evict-oldest" } });
  const first = await stored(at.engine, {}, "ada");
  const session = await loaded(at.engine, await stored(at.engine, { cart: [1], theme: "dark" }));
  at.backend.failing.add("destroy");
  expect(await session.login("ada", { keep: ["theme"] })).toBe("renamed");
  at.backend.failing.clear();
  session.set("n", 1);
  expect([await session.save(), session.isDamaged, session.toObject()]).toEqual([
    "updated",
    false,
    { theme: "dark", n: 1 },
  ]);
  const next = at.engine.create();
  await next.login("ada");
  expect([await at.engine.load(first), await at.engine.load(session.id)]).toEqual([null, null]);
  expect(await sessionsOf(at, "ada")).toBe(1);
});

test("what is not to go along does not, whoever writes it until the very login, and whatever a merge makes of it", async () => {
  const at = place({ attributes: { cart: (_base: unknown, theirs: unknown) => theirs } });
  const id = await stored(at.engine, { cart: [1], theme: "dark" });
  const [victim, planter] = [await loaded(at.engine, id), await loaded(at.engine, id)];
  planter.assign({ cart: ["planted"], theme: "dark", returnTo: "https://evil.example" });
  await planter.save();
  expect(await victim.login("ada", { keep: ["theme"] })).toBe("renamed");
  expect((await loaded(at.engine, victim.id)).toObject()).toEqual({ theme: "dark" });
});

test("a login whose latecomers cannot be looked after ends the session", async () => {
  const at = place();
  const session = await loaded(at.engine, await stored(at.engine, { cart: [1] }));
  at.backend.failing.add("read");
  await expect(session.login("ada", { keep: [] })).rejects.toThrow("read failed");
  at.backend.failing.clear();
  session.set("n", 1);
  expect([await session.save(), await sessionsOf(at, "ada"), await at.engine.load(session.id)]).toEqual([
    "gone",
    0,
    null,
  ]);
});

test("nothing of a session that cannot be read goes along, where all is to be left behind", async () => {
  const at = place();
  const id = await stored(at.engine, { cart: [1] });
  const session = await loaded(at.engine, id);
  await at.backend.update(session.key, { set: new Map([["bad", "no JSON"]]) }, { idleMs: 60_000 });
  const damaged = await loaded(at.engine, id);
  expect([damaged.get("bad"), damaged.isDamaged]).toEqual([undefined, true]);
  await damaged.login("ada", { keep: [] });
  expect((await loaded(at.engine, damaged.id)).toObject()).toEqual({});
});

test("a login under an id that is taken is told so, and the session is nobody's", async () => {
  const at = place({ ids: "any" });
  const other = at.engine.create("taken");
  await other.save();
  const session = at.engine.create("mine");
  session.set("n", 1);
  await expect(session.login("ada", { id: "taken" })).rejects.toMatchObject({ status: 409 });
  expect([session.id, session.principal, (await loaded(at.engine, "taken")).principal]).toEqual([
    "mine",
    undefined,
    undefined,
  ]);
});

test("a save of some attributes stores no principal, and lists nobody", async () => {
  const at = place();
  const id = await stored(at.engine, { cookie: 1 });
  const session = await loaded(at.engine, id);
  session.principal = "ada";
  session.set("cookie", 2);
  expect(await session.save({ only: ["cookie"] })).toBe("updated");
  expect(await session.save({ only: ["cookie"], deadline: "always" })).toBe("touched");
  expect([(await loaded(at.engine, id)).principal, await sessionsOf(at, "ada")]).toEqual([undefined, 0]);
  expect(await session.save()).toBe("updated");
  expect(await sessionsOf(at, "ada")).toBe(1);
});

test("a save that waits before a login stores nobody under the old id", async () => {
  const at = place();
  const id = await stored(at.engine, {});
  at.backend.before = async () => new Promise((resolve) => setTimeout(resolve, 5));
  const session = await loaded(at.engine, id);
  const saves: Promise<unknown>[] = [];
  for (const n of [1, 2]) {
    session.set("n", n);
    saves.push(session.save());
  }
  const login = session.login("ada");
  expect(session.principal).toBeUndefined();
  await Promise.all([...saves, login]);
  expect(at.backend.updates.filter(({ set }) => set?.has(NOTE) === true)).toEqual([]);
  expect((await loaded(at.engine, session.id)).principal).toBe("ada");
});
