import {
  createEngine,
  createSessionId,
  ENGINE_DEFAULTS,
  type EngineOptions,
  handleKey,
  isSessionId,
  jsonSerializer,
  LIFETIME_PRESETS,
  memoryBackend,
  sessionHandle,
  sessionKey,
  typedJsonSerializer,
} from "@unstick/session";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loaded, stored } from "./sessions.ts";

async function storedAttributes(options: Omit<EngineOptions, "backend">, values: object) {
  const backend = memoryBackend();
  const engine = createEngine({ backend, ...options });
  const id = await stored(engine, values);
  const { attributes } = (await backend.read(sessionKey(id)))!;
  return { attributes, back: (await loaded(engine, id)).toObject() };
}

describe("values", () => {
  test("any JSON under any name comes back, by the default and by the typed serializer", async () => {
    const names = fc.string({ unit: "binary-ascii" });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.jsonValue()), fc.boolean(), async (values, isTyped) => {
        const { back } = await storedAttributes(
          { ...(isTyped && { serializer: typedJsonSerializer }) },
          values,
        );
        const asJson = Object.fromEntries(
          Object.entries(values).map(([k, v]) => [k, JSON.parse(JSON.stringify(v))]),
        );
        expect({ ...back }).toEqual(isTyped ? { ...values } : asJson);
      }),
      { numRuns: 300 },
    );
  });

  test("types survive with the typed serializer", async () => {
    const values = {
      date: new Date(0),
      map: new Map([["a", new Set([1n])]]),
      bytes: new Uint8Array([0, 255]),
      gap: { a: undefined, n: Number.NaN, m: -0 },
      $type: { $type: ["date", 1] },
    };
    const { back } = await storedAttributes({ serializer: typedJsonSerializer }, values);
    expect(back).toEqual(values);
  });

  test("a serializer may give bytes or text of any beginning", async () => {
    for (const mark of ["e", "z", "b", "=", "~", ""]) {
      const serializer = {
        stringify: (value: unknown) => mark + String(value),
        parse: (text: string | Uint8Array) => String(text).slice(mark.length),
      };
      expect((await storedAttributes({ serializer }, { a: "x" })).back).toEqual({ a: "x" });
    }
    const binary = {
      stringify: (value: unknown) => Buffer.from(String(value)),
      parse: (bytes: string | Uint8Array) => Buffer.from(bytes as Uint8Array).toString(),
    };
    expect((await storedAttributes({ serializer: binary }, { a: "x" })).back).toEqual({ a: "x" });
  });

  test("a promise from a serializer is refused", async () => {
    const serializer = { ...jsonSerializer, stringify: () => Promise.resolve("1") as never };
    await expect(storedAttributes({ serializer }, { a: 1 })).rejects.toMatchObject({
      code: "ERR_UNSTICK_SERIALIZE",
    });
  });

  test("long values are deflated, when that makes them shorter", async () => {
    const values = { long: "ab".repeat(10_000), short: "ab" };
    const { attributes, back } = await storedAttributes({}, values);
    expect(back).toEqual(values);
    expect(attributes.get("long")!.length).toBeLessThan(500);
    expect(attributes.get("short")).toBe('"ab"');
    const plain = await storedAttributes({ compressAboveBytes: Number.POSITIVE_INFINITY }, values);
    expect(plain.attributes.get("long")!.length).toBe(20_002);
  });

  test("half of a surrogate pair in a name is refused, in a value it comes back", async () => {
    await expect(storedAttributes({}, { "\ud800": 1 })).rejects.toMatchObject({
      code: "ERR_UNSTICK_SERIALIZE",
    });
    expect((await storedAttributes({}, { a: "\ud800" })).back).toEqual({ a: "\ud800" });
  });
});

describe("a cookie's settings", () => {
  const expires = new Date(Date.now() + 3_600_000).toISOString();

  test("take at most 64 bytes in the common case, and come back with expires by the deadline", async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const cookie = { originalMaxAge: 3_600_000, expires, httpOnly: true, path: "/" };
    const { attributes, back } = await storedAttributes({ lifetime: { idleMs: 3_600_000 } }, { cookie });
    expect(Buffer.byteLength(attributes.get("cookie")!)).toBeLessThanOrEqual(64);
    const restored = back.cookie as typeof cookie;
    expect({ ...restored, expires: "" }).toEqual({ ...cookie, expires: "" });
    expect(Math.abs(Date.parse(restored.expires) - Date.parse(expires))).toBeLessThan(2_000);
  });

  test("of every other shape come back as they are", async () => {
    const cookies = [
      { originalMaxAge: null, expires: null, httpOnly: true, path: "/" },
      {
        originalMaxAge: null,
        expires: null,
        httpOnly: false,
        path: "/a",
        domain: "b.example",
        sameSite: "lax",
        secure: true,
      },
      {
        originalMaxAge: null,
        expires: null,
        secure: "auto",
        httpOnly: true,
        path: "/",
        partitioned: true,
        priority: "high",
        sameSite: true,
      },
      { originalMaxAge: 5, expires: null, httpOnly: true, path: "/" },
      { originalMaxAge: null, expires, httpOnly: true, path: "/" },
      { httpOnly: true, path: "/", overwrite: true, signed: true, maxAge: 86_400_000 },
      { foo: 1 },
      "a string",
      null,
      [1],
    ];
    for (const cookie of cookies) expect((await storedAttributes({}, { cookie })).back).toEqual({ cookie });
  });
});

describe("ids", () => {
  test("are 256 bits in 43 characters, and recognised", () => {
    const ids = new Set(Array.from({ length: 10_000 }, createSessionId));
    expect(ids.size).toBe(10_000);
    for (const id of ids) expect(isSessionId(id)).toBe(true);
  });

  test("of any other form are not", () => {
    const id = createSessionId();
    for (const text of [
      id.slice(1),
      `${id}A`,
      `${id.slice(0, -1)}B`,
      ` ${id.slice(1)}`,
      `${id.slice(0, -1)}\n`,
    ]) {
      expect(isSessionId(text)).toBe(false);
    }
  });

  test("a handle names a key and is no id", () => {
    const key = sessionKey(createSessionId());
    expect(handleKey(sessionHandle(key))).toBe(key);
    expect(handleKey(createSessionId())).toBeUndefined();
    expect(handleKey("handle:*")).toBeUndefined();
    expect(isSessionId(sessionHandle(key))).toBe(false);
  });
});

describe("options", () => {
  const backend = memoryBackend();

  test("have these defaults", () => {
    expect(ENGINE_DEFAULTS).toEqual({
      lifetime: { idleMs: 86_400_000 },
      attributes: {},
      onConflict: "last-writer-wins",
      maxBytes: 1_048_576,
      warnBytes: 65_536,
      serializer: jsonSerializer,
      compressAboveBytes: 4096,
      tombstoneMs: 60_000,
      graceMs: 10_000,
      ids: "ours",
      metrics: true,
    });
    const { policy } = createEngine({ backend });
    expect([policy.touchIntervalMs(86_400_000), policy.touchIntervalMs(1000)]).toEqual([60_000, 100]);
  });

  test("name presets after NIST SP 800-63B-4", () => {
    expect(LIFETIME_PRESETS.aal2).toEqual({ idleMs: 3_600_000, absoluteMs: 86_400_000 });
    expect(LIFETIME_PRESETS.aal3).toEqual({ idleMs: 900_000, absoluteMs: 43_200_000 });
    expect(createEngine({ backend, lifetime: "aal1" }).policy.lifetime.absoluteMs).toBe(30 * 86_400_000);
  });

  test.each([
    ["nonsense", { nonsense: 1 }],
    ["backend", { backend: {} }],
    ["lifetime", { lifetime: "aal4" }],
    ["lifetime.idleMs", { lifetime: { idleMs: 0 } }],
    ["lifetime.absoluteMs", { lifetime: { idleMs: 1, absoluteMs: 1.5 } }],
    ["touchIntervalMs", { touchIntervalMs: -1 }],
    ["attributes.views", { attributes: { views: "sum" } }],
    ["onConflict", { onConflict: "ignore" }],
    ["maxBytes", { maxBytes: 0 }],
    ["warnBytes", { warnBytes: "64 KiB" }],
    ["serializer", { serializer: {} }],
    ["maxSessions.max", { maxSessions: { max: 0, policy: "reject" } }],
    ["maxSessions.policy", { maxSessions: { max: 1, policy: "newest" } }],
    ["tombstoneMs", { tombstoneMs: "1" }],
    ["graceMs", { graceMs: -1 }],
    ["deadlineMs", { deadlineMs: 0 }],
    ["ids", { ids: "mine" }],
    ["metrics", { metrics: "yes" }],
    ["metrics", { metrics: null }],
    ["metrics.countEveryMs", { metrics: {} }],
    ["metrics.countEveryMs", { metrics: { countEveryMs: 999 } }],
    ["metrics.every", { metrics: { every: 1_000 } }],
    ["encryption.keys", { encryption: { keys: {}, active: null } }],
    ["encryption.keys.a", { encryption: { keys: { a: { secret: "b" } as never }, active: "a" } }],
  ])("refuse a wrong %s by name", (option, options) => {
    expect(() => createEngine({ backend, ...options } as unknown as EngineOptions)).toThrow(
      expect.objectContaining({ code: "ERR_UNSTICK_OPTION", option }),
    );
  });

  test("are not changed, and undefined counts as not given", () => {
    const options = Object.freeze({ backend, maxBytes: undefined, lifetime: undefined });
    expect(createEngine(options as unknown as EngineOptions).policy.maxBytes).toBe(ENGINE_DEFAULTS.maxBytes);
  });
});
