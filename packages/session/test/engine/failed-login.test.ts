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

  test("takes nothing away that was not to go along", async () => {
    const at = place();
    const id = await stored(at.engine, { cart: [1], theme: "dark", old: 1 });
    const session = await loaded(at.engine, id);
    session.set("unsaved", "yes");
    session.delete("old");
    at.backend.failing.add("rename");
    await expect(session.login("ada", { keep: ["theme"] })).rejects.toThrow("rename failed");
    await expect(session.rename({ keep: [] })).rejects.toThrow("rename failed");
    at.backend.failing.clear();
    await session.save();
    expect((await loaded(at.engine, id)).toObject()).toEqual({ cart: [1], theme: "dark", unsaved: "yes" });
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
