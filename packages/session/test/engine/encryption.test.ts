import { randomBytes } from "node:crypto";
import {
  type Attributes,
  createEngine,
  type EncryptionOptions,
  memoryBackend,
  sessionKey,
} from "@unstick/session";
import { describe, expect, test } from "vitest";
import { eventLog } from "./event-log.ts";
import { loaded, stored } from "./sessions.ts";

const k1 = randomBytes(32);
const k2 = randomBytes(32).toString("base64url");

function engineWith(backend: ReturnType<typeof memoryBackend>, encryption?: EncryptionOptions) {
  return createEngine({
    backend,
    ...(encryption !== undefined && { encryption }),
    attributes: { views: "counter" },
    touchIntervalMs: 0,
  });
}

async function attributesOf(backend: ReturnType<typeof memoryBackend>, id: string): Promise<Attributes> {
  return (await backend.read(sessionKey(id)))!.attributes;
}

const values = { user: "ada.lovelace", cart: ["analytical engine"], views: 3 };

describe("encryption at rest", () => {
  test("no value but a counter is readable in the backend, and all come back", async () => {
    const backend = memoryBackend();
    const engine = engineWith(backend, { keys: { k1 }, active: "k1" });
    const id = await stored(engine, values, "ada.lovelace");
    const text = JSON.stringify([...(await attributesOf(backend, id))]);
    expect(text).not.toContain("ada");
    expect(text).not.toContain("engine");
    expect((await attributesOf(backend, id)).get("views")).toBe("3");
    const session = await loaded(engine, id);
    expect(session.toObject()).toEqual(values);
    expect(session.principal).toBe("ada.lovelace");
  });

  test("a record moved to another key, or a value to another name or record, is damaged", async () => {
    const backend = memoryBackend();
    const engine = engineWith(backend, { keys: { k1 }, active: "k1" });
    const events = eventLog(["damaged"]);
    const [id, other] = [await stored(engine, { a: "1", b: "2" }), await stored(engine, { a: "3", b: "4" })];
    const [mine, theirs] = [await attributesOf(backend, id), await attributesOf(backend, other)];
    const moved = engine.create().id;
    await backend.create(sessionKey(moved), theirs, { idleMs: 1000 });
    expect(await engine.load(moved)).toBeNull();
    for (const forged of [mine.get("b")!, theirs.get("a")!, '"plain"']) {
      await backend.update(sessionKey(id), { set: new Map([["a", forged]]) }, { idleMs: 1000 });
      const session = await loaded(engine, id);
      expect(session.get("a")).toBeUndefined();
      expect(session.isDamaged).toBe(true);
      expect(session.names()).toEqual([]);
    }
    expect(events).toHaveLength(4);
  });

  test("every flipped bit of a header and of a value is refused", async () => {
    const backend = memoryBackend();
    const engine = engineWith(backend, { keys: { k1 }, active: "k1" });
    const id = await stored(engine, { a: "secret" });
    const good = await attributesOf(backend, id);
    let read = 0;
    for (const name of ["~", "a"]) {
      const bytes = Buffer.from(good.get(name)!);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const forged = flipped.toString("latin1");
        if (!/^[\x20-\x7e]+$/.test(forged) || isSameBase64(forged, good.get(name)!)) continue;
        const at = engine.create().id;
        await backend.create(sessionKey(at), new Map([...good, [name, forged]]), { idleMs: 1000 });
        const session = await engine.load(at).catch(() => null);
        if (session?.get("a") !== undefined) read++;
      }
    }
    expect(read).toBe(0);
  });

  test("a renamed session is readable under its new key, and only there", async () => {
    const backend = memoryBackend();
    const engine = engineWith(backend, { keys: { k1 }, active: "k1" });
    const session = await loaded(engine, await stored(engine, values));
    await session.login("ada");
    const after = await loaded(engine, session.id);
    expect(after.toObject()).toEqual(values);
    expect(after.principal).toBe("ada");
  });

  test("a key is rotated over a mixed fleet without a logout, and then dropped", async () => {
    const backend = memoryBackend();
    const before = engineWith(backend, { keys: { k1 }, active: "k1" });
    const knows = engineWith(backend, { keys: { k1, k2 }, active: "k1" });
    const seals = engineWith(backend, { keys: { k1, k2 }, active: "k2" });
    const after = engineWith(backend, { keys: { k2 }, active: "k2" });
    const id = await stored(before, { ...values, log: [] as string[] }, "ada");
    for (const [step, engine] of [knows, seals, knows, seals, seals].entries()) {
      const session = await loaded(engine, id);
      session.set("log", [...(session.get("log") as string[]), `step ${step}`]);
      await session.save();
    }
    await (await loaded(seals, id)).save();
    const session = await loaded(after, id);
    expect(session.toObject()).toEqual({ ...values, log: [0, 1, 2, 3, 4].map((step) => `step ${step}`) });
    expect(session.principal).toBe("ada");
  });

  test("encryption is turned on over a mixed fleet without a logout", async () => {
    const backend = memoryBackend();
    const plain = engineWith(backend);
    const ready = engineWith(backend, { keys: { k1 }, active: null });
    const accepting = engineWith(backend, {
      keys: { k1 },
      active: "k1",
      acceptPlainUntil: new Date(Date.now() + 60_000),
    });
    const strict = engineWith(backend, { keys: { k1 }, active: "k1" });
    const id = await stored(plain, values);
    await (await loaded(ready, id)).save();
    const session = await loaded(accepting, id);
    session.set("cart", ["difference engine"]);
    await session.save();
    await (await loaded(accepting, id)).save();
    expect((await loaded(ready, id)).toObject()).toEqual({ ...values, cart: ["difference engine"] });
    expect((await loaded(strict, id)).toObject()).toEqual({ ...values, cart: ["difference engine"] });
  });

  test("what cannot be unsealed is never read another way", async () => {
    const backend = memoryBackend();
    const plainId = await stored(engineWith(backend), values);
    const sealedId = await stored(engineWith(backend, { keys: { k1 }, active: "k1" }), values);
    expect(await engineWith(backend, { keys: { k1 }, active: "k1" }).load(plainId)).toBeNull();
    expect(
      await engineWith(backend, { keys: { k1: randomBytes(32) }, active: "k1" }).load(sealedId),
    ).toBeNull();
    expect(await engineWith(backend, { keys: { k2 }, active: "k2" }).load(sealedId)).toBeNull();
    expect(await engineWith(backend).load(sealedId)).toBeNull();
  });

  test("a key of a wrong length is refused at construction, and its bytes are not shown", () => {
    const short = "c2hvcnQ";
    const wrong = () => engineWith(memoryBackend(), { keys: { k1: short }, active: "k1" });
    expect(wrong).toThrow(/encryption\.keys\.k1/);
    expect(wrong).not.toThrow(short);
    expect(() => engineWith(memoryBackend(), { keys: { k1 }, active: "k2" })).toThrow(/encryption\.active/);
  });
});

/** The last character of base64url has bits that are not used. */
function isSameBase64(left: string, right: string): boolean {
  const bytes = (text: string): string =>
    text
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString("hex"))
      .join(".");
  return left.slice(0, -1) === right.slice(0, -1) && bytes(left) === bytes(right);
}
