import { type Decision, type DecisionInput, decide, readOptions } from "@unstick/affinity";
import { describe, expect, it } from "vitest";

const secret = "a secret of thirty-two bytes, no?";
const other = "another secret of thirty-two bytes";
const now = 1_800_000_000_000;
const random = new Uint8Array(12).fill(7);
const config = readOptions({ name: "APP", secret, lifetimeSeconds: 100 });

function ask(given: Partial<DecisionInput> = {}, options: typeof config = config): Decision {
  return decide({ cookieHeader: undefined, now, random, instance: "a", draining: false, ...given }, options);
}

const good = `APP=${ask().value}`;

describe("a value", () => {
  it("needs no escaping and says nothing", () => {
    expect(ask().value).toMatch(/^1\.[0-9a-z]{7}\.[\w-]{16}\.[\w-]{16}\.[\w-]{43}$/);
    expect(encodeURIComponent(ask().value)).toBe(ask().value);
  });

  it("is the same for the same input, and shares no part but the time with another instance's or nonce's", () => {
    expect(ask().value).toBe(ask().value);
    const parts = (given: Partial<DecisionInput>): string[] => ask(given).value.split(".");
    const [, , nonce, mark, signature] = parts({});
    const elsewhere = parts({ instance: "b" });
    expect(elsewhere[2]).toBe(nonce);
    expect([elsewhere[3], elsewhere[4]]).not.toContain(mark);
    expect(elsewhere[4]).not.toBe(signature);
    const later = parts({ random: new Uint8Array(12).fill(8) });
    expect(later.slice(2)).not.toContain(mark);
    expect(later[2]).not.toBe(nonce);
  });

  it("is worthless under another name, and under another secret", () => {
    const renamed = readOptions({ name: "SHOP", secret });
    expect(ask({ cookieHeader: good.replace("APP", "SHOP") }, renamed)).toMatchObject({
      state: "new",
      isForged: true,
    });
    const rekeyed = readOptions({ name: "APP", secret: other });
    expect(ask({ cookieHeader: good }, rekeyed)).toMatchObject({ state: "new", isForged: true });
  });

  it("is refused with any one character changed, cut or added", () => {
    for (let at = 4; at < good.length; at++) {
      const changed = good.slice(0, at) + (good[at] === "A" ? "B" : "A") + good.slice(at + 1);
      expect(ask({ cookieHeader: changed }).isForged, `changed at ${at}`).toBe(true);
      expect(ask({ cookieHeader: good.slice(0, at) }).isForged, `cut at ${at}`).toBe(true);
    }
    expect(ask({ cookieHeader: `${good}A` }).isForged).toBe(true);
  });

  it("has one spelling", () => {
    for (let fill = 0; fill < 64; fill++) {
      const { value } = ask({ random: new Uint8Array(12).fill(fill) });
      const spelled = value.slice(0, -43) + value.slice(-43).replaceAll("-", "+").replaceAll("_", "/");
      if (spelled !== value) expect(ask({ cookieHeader: `APP=${spelled}` }).isForged).toBe(true);
    }
  });
});

describe("rotation of secrets", () => {
  it("signs with the first and verifies all, with no client moved", () => {
    const both = readOptions({ name: "APP", secret: [other, secret], lifetimeSeconds: 100 });
    expect(ask({ cookieHeader: good }, both)).toMatchObject({ state: "kept", action: "leave" });
    const fresh = ask({}, both).value;
    const after = readOptions({ name: "APP", secret: [other], lifetimeSeconds: 100 });
    expect(ask({ cookieHeader: `APP=${fresh}` }, after).state).toBe("kept");
    expect(ask({ cookieHeader: good }, after)).toMatchObject({
      state: "new",
      isForged: true,
      action: "bind",
    });
  });
});

describe("the state and what is done", () => {
  const rows: [string, Partial<DecisionInput>, Partial<Decision>][] = [
    ["no cookie", {}, { state: "new", action: "bind", isForged: false }],
    ["an empty header", { cookieHeader: "" }, { state: "new", action: "bind", isForged: false }],
    [
      "other cookies",
      { cookieHeader: "XAPP=1; APPX=2; a=APP=3" },
      { state: "new", action: "bind", isForged: false },
    ],
    ["a good one", { cookieHeader: good }, { state: "kept", action: "leave", value: "" }],
    ["a good one in quotes", { cookieHeader: `APP="${good.slice(4)}"` }, { state: "kept", action: "leave" }],
    ["a good one among others", { cookieHeader: `a=1;${good} ;b=2` }, { state: "kept", action: "leave" }],
    ["a good one from elsewhere", { cookieHeader: good, instance: "b" }, { state: "moved", action: "bind" }],
    ["half its life left", { cookieHeader: good, now: now + 49_000 }, { state: "kept", action: "leave" }],
    ["near its end", { cookieHeader: good, now: now + 50_000 }, { state: "kept", action: "bind" }],
    ["its last second", { cookieHeader: good, now: now + 99_999 }, { state: "kept", action: "bind" }],
    ["over", { cookieHeader: good, now: now + 100_000 }, { state: "new", action: "bind", isForged: false }],
    [
      "a clock behind by a minute",
      { cookieHeader: good, now: now - 60_000 },
      { state: "kept", action: "leave" },
    ],
    ["a clock behind by more", { cookieHeader: good, now: now - 61_000 }, { state: "kept", action: "bind" }],
    ["a lost pair", { cookieHeader: `AWSALBAPP-0=_remove_; ${good}` }, { state: "kept", action: "bind" }],
    [
      "an unused shard",
      { cookieHeader: `AWSALBAPP-1=_remove_; ${good}` },
      { state: "kept", action: "leave" },
    ],
    ["a lookalike", { cookieHeader: `X-AWSALBAPP-0=_remove_; ${good}` }, { state: "kept", action: "leave" }],
    ["draining, unknown", { draining: true }, { state: "new", action: "leave" }],
    ["draining, bound", { draining: true, cookieHeader: good }, { state: "kept", action: "release" }],
    [
      "draining, moved here",
      { draining: true, cookieHeader: good, instance: "b" },
      { state: "moved", action: "release" },
    ],
    [
      "draining, forged",
      { draining: true, cookieHeader: "APP=x" },
      { state: "new", action: "release", isForged: true },
    ],
    ["draining, lost pair", { draining: true, cookieHeader: "AWSALBAPP-0=_remove_" }, { action: "leave" }],
  ];

  it.each(rows)("%s", (_case, given, expected) => {
    expect(ask(given)).toMatchObject(expected);
  });

  it("renews never with 0, and on each response with the whole lifetime", () => {
    const never = readOptions({ name: "APP", secret, lifetimeSeconds: 100, renewWithinSeconds: 0 });
    expect(ask({ cookieHeader: good, now: now + 99_999 }, never).action).toBe("leave");
    const always = readOptions({ name: "APP", secret, lifetimeSeconds: 100, renewWithinSeconds: 100 });
    expect(ask({ cookieHeader: good }, always).action).toBe("bind");
  });

  it("keeps a session cookie for as long as the browser does", () => {
    const session = readOptions({ name: "APP", secret, lifetimeSeconds: "session" });
    expect(session.bindAttributes.plain).not.toContain("Max-Age");
    expect(ask({ cookieHeader: good, now: now + 1e11 }, session)).toMatchObject({
      state: "kept",
      action: "leave",
    });
  });

  it("takes the first good one of eight", () => {
    const bad = (count: number): string => "APP=bad; ".repeat(count);
    expect(ask({ cookieHeader: bad(7) + good }).state).toBe("kept");
    expect(ask({ cookieHeader: bad(8) + good })).toMatchObject({ state: "new", isForged: true });
    const elsewhere = `APP=${ask({ instance: "b" }).value}`;
    expect(ask({ cookieHeader: `${elsewhere}; ${good}` }).state).toBe("moved");
    const over = `APP=${ask({ now: now - 200_000 }).value}`;
    expect(ask({ cookieHeader: `${over}; ${good}` }).state).toBe("kept");
  });

  it("replaces a cookie of a later release, and does not call it forged", async () => {
    const { sign } = (await import("cookie-signature")).default;
    const later = sign("APP=2.something.new", secret).replaceAll("+", "-").replaceAll("/", "_");
    expect(ask({ cookieHeader: later })).toMatchObject({ state: "new", isForged: false, action: "bind" });
  });

  it("answers the same however much it remembers", () => {
    const values = Array.from(
      { length: 10_000 },
      (_, at) => ask({ now: now - at, random: numbered(at) }).value,
    );
    for (let round = 0; round < 2; round++) {
      const kept = values.filter((value) => ask({ cookieHeader: `APP=${value}` }).state === "kept");
      expect(kept).toHaveLength(values.length);
      expect(ask({ cookieHeader: `APP=${values[3]}`, instance: "b" }).state).toBe("moved");
    }
  });
});

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
