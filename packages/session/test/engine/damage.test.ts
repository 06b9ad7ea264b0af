import {
  createEngine,
  DamagedRecordError,
  jsonSerializer,
  memoryBackend,
  NewerRecordError,
  sessionKey,
  typedJsonSerializer,
} from "@unstick/session";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventLog } from "./event-log.ts";
import { loaded, stored } from "./sessions.ts";

const good = { user: "ada", cart: [1, 2, 3], big: "x".repeat(6000) };

async function spoiled(name: string, value: string | undefined) {
  const backend = memoryBackend();
  const engine = createEngine({ backend });
  const id = await stored(engine, good, "ada");
  const change = value === undefined ? { remove: [name] } : { set: new Map([[name, value]]) };
  await backend.update(sessionKey(id), change, { idleMs: 60_000 });
  return { engine, id, backend };
}

describe("a damaged record", () => {
  test("is no session and one event, whatever was written over it", async () => {
    const events = eventLog(["damaged"]);
    const anyText = fc.oneof(
      fc.string(),
      fc.constantFrom("e", "z", "b", "=", "{", "ek1.AAAA", "z!!!!", "", "nul"),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("user", "cart", "big", "~", "~p"), anyText, async (name, value) => {
        events.length = 0;
        const { engine, id } = await spoiled(name, value);
        const session = await engine.load(id).catch((error: unknown) => error);
        if (session instanceof NewerRecordError) return;
        if (session !== null) (session as { toObject(): unknown }).toObject();
        expect(events.length).toBeLessThanOrEqual(1);
        if (session === null) expect(events).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });

  test.each([jsonSerializer, typedJsonSerializer])(
    "is one whose text says that it is bytes, where text is stored",
    async (serializer) => {
      const events = eventLog(["damaged"]);
      const backend = memoryBackend();
      const engine = createEngine({ backend, serializer });
      const id = await stored(engine, good, "ada");
      // One byte, 55: JSON.parse takes an array of it for a number.
      const change = { set: new Map([["user", `b${Buffer.of(55).toString("base64url")}`]]) };
      await backend.update(sessionKey(id), change, { idleMs: 60_000 });
      const session = await loaded(engine, id);
      expect(session.get("user")).toBeUndefined();
      expect(events).toHaveLength(1);
    },
  );

  test("without its header is damaged", async () => {
    const events = eventLog(["damaged"]);
    const { engine, id } = await spoiled("~", undefined);
    expect(await engine.load(id)).toBeNull();
    expect(events).toMatchObject([["damaged", { reason: "it has no header" }]]);
  });

  test("whose attribute turns out unreadable in a request reads as empty from then on, and is not saved", async () => {
    const events = eventLog(["damaged"]);
    const { engine, id, backend } = await spoiled("cart", "[1,2");
    const session = await loaded(engine, id);
    expect(session.get("user")).toBe("ada");
    expect(session.get("cart")).toBeUndefined();
    expect(session.get("user")).toBeUndefined();
    session.set("user", "eve");
    expect(await session.save()).toBe("gone");
    expect(events).toHaveLength(1);
    expect((await backend.read(sessionKey(id)))!.attributes.get("user")).toBe('"ada"');
  });

  test("of the backend's own making is no session and one event", async () => {
    const events = eventLog(["damaged"]);
    const backend = memoryBackend();
    const broken = { ...backend, read: () => Promise.reject(new DamagedRecordError("memory", "cut short")) };
    expect(await createEngine({ backend: broken }).load(createEngine({ backend }).create().id)).toBeNull();
    expect(events).toHaveLength(1);
  });
});

describe("what is not damage", () => {
  test("a record of a newer release rejects with 503 and stays", async () => {
    const { engine, id, backend } = await spoiled("~", "2");
    await expect(engine.load(id)).rejects.toMatchObject({ code: "ERR_UNSTICK_NEWER_RECORD", status: 503 });
    expect(await backend.read(sessionKey(id))).not.toBeNull();
  });

  test("a backend that fails rejects with a typed error that shows no id", async () => {
    const backend = memoryBackend();
    const failing = { ...backend, read: () => Promise.reject(new Error("connect ECONNREFUSED secret-host")) };
    const engine = createEngine({ backend: failing });
    const { id } = engine.create();
    const error = await engine.load(id).catch((caught: unknown) => caught as Error);
    expect(error).toMatchObject({ code: "ERR_UNSTICK_BACKEND", status: 503 });
    expect((error as Error).message).not.toContain("secret-host");
  });

  test("a backend that hangs rejects at the deadline", async () => {
    const hanging = { ...memoryBackend(), read: () => new Promise<never>(() => {}) };
    const engine = createEngine({ backend: hanging, deadlineMs: 20 });
    await expect(engine.load(engine.create().id)).rejects.toMatchObject({
      code: "ERR_UNSTICK_DEADLINE",
      status: 503,
    });
  });
});
