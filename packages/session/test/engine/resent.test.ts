import {
  type Backend,
  createEngine,
  type Engine,
  memoryBackend,
  type PrincipalIndex,
} from "@unstick/session";
import { describe, expect, test } from "vitest";
import { loaded, stored } from "./sessions.ts";

/** A backend whose client loses the reply of the first call of a verb, and resends it. */
function resending<Inner extends Backend>(inner: Inner, verbs: readonly string[]): Inner {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || !verbs.includes(String(name))) return member;
      return async (...args: unknown[]) => {
        await member.apply(target, args);
        return member.apply(target, args) as unknown;
      };
    },
  });
}

function resendingEngine(verb: string, options: Partial<Parameters<typeof createEngine>[0]> = {}): Engine {
  return createEngine({ backend: resending(memoryBackend(), [verb]), ...options });
}

describe("a call that was applied, its reply lost, and resent", () => {
  test("stores a session once, sealed or not", async () => {
    for (const encryption of [undefined, { keys: { a: new Uint8Array(32).fill(1) }, active: "a" }]) {
      const engine = resendingEngine("create", encryption === undefined ? {} : { encryption });
      const id = await stored(engine, { cart: ["book"] }, "ada");
      expect((await loaded(engine, id)).get("cart")).toEqual(["book"]);
      expect(await engine.principals.list("ada")).toHaveLength(1);
    }
  });

  test("leaves a session that is another's alone", async () => {
    const engine = createEngine({ backend: memoryBackend(), ids: "any" });
    const first = engine.create("same");
    first.set("user", "ada");
    await first.save();
    const second = engine.create("same");
    second.set("user", "grace");
    expect(await second.save()).toBe("taken");
    expect((await loaded(engine, "same")).get("user")).toBe("ada");
  });

  test("gives a session its new id, with a grace and without", async () => {
    for (const graceMs of [0, 10_000]) {
      const engine = resendingEngine("rename", { graceMs });
      const session = await loaded(engine, await stored(engine, { cart: 1 }));
      const old = session.id;
      expect(await session.login("ada")).toBe("renamed");
      expect(session.id).not.toBe(old);
      expect((await loaded(engine, session.id)).principal).toBe("ada");
      expect(await engine.principals.list("ada")).toHaveLength(1);
    }
  });

  test("gives it an id that the middleware made, without a grace", async () => {
    const engine = resendingEngine("rename", { graceMs: 0, ids: "known" });
    const session = await loaded(engine, await stored(engine, { cart: 1 }));
    const { id } = engine.create();
    expect(await session.rename({ id })).toBe("renamed");
    expect((await loaded(engine, id)).get("cart")).toBe(1);
  });

  test("takes no session for its own that lives under an id that was given", async () => {
    const engine = createEngine({ backend: memoryBackend(), ids: "any", graceMs: 0 });
    for (const id of ["mine", "theirs"]) await engine.create(id).save();
    const session = await loaded(engine, "mine");
    await expect(session.rename({ id: "theirs" })).rejects.toMatchObject({
      code: "ERR_UNSTICK_SESSION_REPLACED",
    });
  });

  test("ends all of a user's sessions, whichever call is resent", async () => {
    const verbs = ["principalSessions", "destroy", "unlinkPrincipal"];
    for (const verb of verbs) {
      const engine = resendingEngine(verb);
      const ids = [await stored(engine, {}, "ada"), await stored(engine, {}, "ada")];
      await engine.principals.endAll("ada");
      for (const id of ids) expect(await engine.load(id)).toBeNull();
      expect(await engine.principals.list("ada")).toEqual([]);
    }
  });
});

test("ending all of a user's sessions that fails half way can be repeated", async () => {
  const inner: Backend & PrincipalIndex = memoryBackend();
  let isDown = false;
  const backend = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        if (isDown && name === "destroy") throw new Error("gone away");
        return member.apply(target, args) as unknown;
      };
    },
  });
  const engine = createEngine({ backend });
  const id = await stored(engine, {}, "ada");
  isDown = true;
  await expect(engine.principals.endAll("ada")).rejects.toMatchObject({ status: 503 });
  isDown = false;
  expect(await engine.principals.endAll("ada")).toBe(1);
  expect(await engine.load(id)).toBeNull();
});

test("a save of some attributes leaves the others for the next", async () => {
  const engine = createEngine({ backend: memoryBackend() });
  const id = await stored(engine, { cookie: 1, cart: 1 });
  const session = await loaded(engine, id);
  session.set("cookie", 2);
  session.set("cart", 2);
  expect(await session.save({ only: ["cookie"] })).toBe("updated");
  expect((await loaded(engine, id)).toObject()).toEqual({ cookie: 2, cart: 1 });
  expect(await session.save({ only: [] })).toBe("unchanged");
  expect(await session.save()).toBe("updated");
  expect((await loaded(engine, id)).toObject()).toEqual({ cookie: 2, cart: 2 });
});
