import { memoryBackend } from "@unstick/session";
import { MemoryStore, SessionStore, STORE_DEFAULTS, type StoreOptions } from "@unstick/session/express";
import { describe, expect, test } from "vitest";
import { eventLog } from "./engine/event-log.ts";

const cookie = {
  originalMaxAge: 60_000,
  expires: new Date(Date.now() + 60_000).toISOString(),
  httpOnly: true,
  path: "/",
};

function request(sessionID: string): { sessionID: string; session?: unknown } {
  return { sessionID };
}

/** Load as express-session does: the object that the handler changes and the store is given back. */
async function open(store: SessionStore, id: string) {
  const data = await store.get(id);
  return store.createSession(request(id), data!) as unknown as Record<string, unknown>;
}

describe("the Store contract", () => {
  test("each method answers a promise", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, user: "ada" });
    expect(await store.get("one")).toMatchObject({
      user: "ada",
      cookie: { originalMaxAge: 60_000, path: "/" },
    });
    await store.touch("one", (await store.get("one"))!);
    expect(await store.length()).toBe(1);
    const ids = (await store.ids())!;
    expect(ids).toHaveLength(1);
    expect(await store.all()).toMatchObject([{ user: "ada", id: ids[0] }]);
    await store.destroy("one");
    expect(await store.get("one")).toBeNull();
    await store.set("two", { cookie });
    await store.clear();
    expect(await store.length()).toBe(0);
  });

  test("each method calls back once, even when the callback throws", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie });
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", note);
    let calls = 0;
    const throwing = (): void => {
      calls++;
      throw new Error(`callback ${calls}`);
    };
    await store.get("one", throwing);
    await store.set("one", { cookie }, throwing);
    await store.touch("one", { cookie }, throwing);
    await store.all(throwing);
    await store.length(throwing);
    await store.ids(throwing);
    await store.destroy("one", throwing);
    await store.clear(throwing);
    await expect.poll(() => calls).toBe(8);
    await new Promise((resolve) => setImmediate(resolve));
    process.removeListener("uncaughtException", note);
    for (const listener of listeners) process.on("uncaughtException", listener);
    expect(calls).toBe(8);
    expect(thrown).toHaveLength(8);
  });

  test("a failure goes to the callback, and the promise then says only that it is over", async () => {
    const failing = { ...memoryBackend(), read: () => Promise.reject(new Error("down")) };
    const store = new SessionStore(failing);
    const errors: unknown[] = [];
    await store.get("one", (error) => void errors.push(error));
    await expect.poll(() => errors).toMatchObject([{ code: "ERR_UNSTICK_BACKEND", status: 503 }]);
    await expect(store.get("one")).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND" });
  });

  test("handles of ids() and all() end and touch a session, and open none", async () => {
    const store = new MemoryStore({ touchIntervalMs: 0 });
    await store.set("one", { cookie });
    const [handle] = (await store.ids())!;
    expect(handle).not.toContain("one");
    expect(await store.get(handle!)).toBeNull();
    await store.touch(handle!, { cookie });
    expect(await store.length()).toBe(1);
    await store.destroy(handle!);
    expect(await store.length()).toBe(0);
  });
});

describe("what overlapping requests do to one session", () => {
  test("changes to different attributes are all kept", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, user: "ada" });
    const sessions = await Promise.all([open(store, "one"), open(store, "one"), open(store, "one")]);
    sessions.forEach((session, at) => {
      session[`attribute${at}`] = at;
    });
    await Promise.all(sessions.map((session) => store.set("one", session)));
    expect(await store.get("one")).toMatchObject({
      user: "ada",
      attribute0: 0,
      attribute1: 1,
      attribute2: 2,
    });
  });

  test("a write in flight does not bring back a session that was ended, and tells with an event", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, user: "ada" });
    const late = await open(store, "one");
    await store.destroy("one");
    const events = eventLog(["refused"]);
    late.x = 1;
    await store.set("one", late);
    await store.set("one", { cookie, user: "ada" });
    expect(await store.get("one")).toBeNull();
    expect(events.map(([, message]) => message.reason)).toEqual(["gone", "gone"]);
  });

  test('with onGone "error" the writer is told', async () => {
    const store = new MemoryStore({ onGone: "error" });
    await store.set("one", { cookie });
    const late = await open(store, "one");
    await store.destroy("one");
    late.x = 1;
    await expect(store.set("one", late)).rejects.toMatchObject({
      code: "ERR_UNSTICK_SESSION_GONE",
      status: 409,
    });
  });

  test("of two that regenerate one session the second gets an error, and one session lives", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, user: "ada" });
    let made = 0;
    store.generate = (req: { sessionID: string; session: unknown }) => {
      req.sessionID = `new${++made}`;
      req.session = { cookie };
    };
    const requests = await Promise.all(
      [0, 1].map(async () => {
        const req = request("one");
        store.createSession(req, (await store.get("one"))!);
        return req;
      }),
    );
    const regenerate = (req: { sessionID: string }) =>
      new Promise((resolve) => store.regenerate(req, (error) => resolve(error)));
    const errors = await Promise.all(requests.map(regenerate));
    expect(errors.filter(Boolean)).toMatchObject([{ code: "ERR_UNSTICK_SESSION_REPLACED" }]);
    expect(made).toBe(1);
    expect(await store.get("one")).toBeNull();
  });
});

describe("plain data, as an application hands it in", () => {
  test("takes the place of the whole session that is alive", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, a: 1, b: 2 });
    await store.set("one", { foo: "bar" });
    expect(await store.get("one")).toEqual({ foo: "bar" });
  });

  test("copied to another id is another session", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie, a: 1 });
    await store.set("two", (await store.get("one"))!);
    await store.destroy("one");
    expect(await store.get("two")).toMatchObject({ a: 1 });
  });
});

describe("how long a session lives", () => {
  function clocked(options: StoreOptions = {}) {
    let now = 1_000_000;
    const store = new SessionStore(memoryBackend({ now: () => now }), options);
    const livesFor = async (session: object): Promise<number> => {
      await store.set("one", session);
      const begin = now;
      let [least, most] = [0, 2 ** 45];
      while (most - least > 1) {
        const middle = Math.floor((least + most) / 2);
        now = begin + middle;
        if ((await store.get("one")) === null) most = middle;
        else least = middle;
      }
      now = begin;
      return most;
    };
    return { livesFor };
  }

  test.each([
    ["ttl, in seconds", { ttl: 10 }, {}, 10_000],
    ["a day", {}, {}, 86_400_000],
    ["as a function says", { ttl: () => 5 }, { cookie: { expires: new Date(Date.now() + 99_000) } }, 5_000],
    ["ttl, when expires is no date", { ttl: 10 }, { cookie: { expires: "soon" } }, 10_000],
    ["a hundred years", { disableTTL: true }, { cookie: { expires: new Date() } }, 36_500 * 86_400_000],
    [
      "no longer than lifetime says",
      { lifetime: "aal3" },
      { cookie: { expires: new Date(Date.now() + 1e9) } },
      900_000,
    ],
  ] as const)("%s", async (_name, options, session, ms) => {
    expect(await clocked(options as StoreOptions).livesFor(session)).toBe(ms);
  });

  test("until the cookie expires, to the millisecond", async () => {
    const ms = await clocked({ ttl: 10 }).livesFor({ cookie: { expires: new Date(Date.now() + 60_000) } });
    expect(ms).toBeGreaterThan(59_000);
    expect(ms).toBeLessThanOrEqual(60_000);
  });

  test("a cookie that expired ends it", async () => {
    const store = new MemoryStore();
    await store.set("one", { cookie });
    await store.set("one", { cookie: { expires: new Date(Date.now() - 1) } });
    expect(await store.get("one")).toBeNull();
  });
});

describe("options", () => {
  test.each([
    ["ttl", { ttl: 0 }],
    ["ttl", { ttl: "60" }],
    ["ttl", { ttl: 60, lifetime: "aal2" }],
    ["disableTouch", { disableTouch: 1 }],
    ["disableTTL", { disableTTL: "no" }],
    ["disconnectEvents", { disconnectEvents: 1 }],
    ["onGone", { onGone: "throw" }],
    ["principal", { principal: "user" }],
    ["device", { device: {} }],
    ["resave", { resave: false }],
  ])("a wrong %s is refused by name", (option, options) => {
    expect(() => new MemoryStore(options as unknown as StoreOptions)).toThrow(
      expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
    );
  });

  test("have these defaults", () => {
    expect(STORE_DEFAULTS).toEqual({
      ttl: 86_400,
      disableTouch: false,
      disableTTL: false,
      onGone: "ignore",
      disconnectEvents: false,
    });
  });

  test("disableTouch moves no deadline", async () => {
    const touched = eventLog(["touched"]);
    const store = new MemoryStore({ disableTouch: true, touchIntervalMs: 0 });
    await store.set("one", { cookie });
    await store.touch("one", (await store.get("one"))!);
    expect(touched).toEqual([]);
  });

  test("disconnectEvents tells when the backend fails and when it is back", async () => {
    const backend = memoryBackend();
    let isDown = true;
    const store = new SessionStore(
      { ...backend, read: (key) => (isDown ? Promise.reject(new Error("down")) : backend.read(key)) },
      { disconnectEvents: true },
    );
    const events: string[] = [];
    store.on("disconnect", () => events.push("disconnect"));
    store.on("connect", () => events.push("connect"));
    await expect(store.get("one")).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND" });
    await expect(store.get("one")).rejects.toMatchObject({ code: "ERR_UNSTICK_BACKEND" });
    expect(events).toEqual(["disconnect"]);
    isDown = false;
    await expect.poll(() => events, { timeout: 5000 }).toEqual(["disconnect", "connect"]);
    await store.close();
  });
});
