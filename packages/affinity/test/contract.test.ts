import { channel } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import type { Affinity, AffinityOptions } from "@unstick/affinity";
import { describe, expect, it } from "vitest";
import { Browser } from "./client.ts";
import { makeGate } from "./gate.ts";
import { type Handler, type Stack, stacks } from "./stacks.ts";

const secret = "a secret of thirty-two bytes, no?";
/** A name that every object with a prototype already has. */
const awkward: string = "valueOf";

const base: AffinityOptions = { name: "SHOP", secret };
const expired = "SHOP=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";

const say: Handler = ({ affinity, send }) => send(affinity.state);
const release: Handler = ({ path, affinity, send }) => {
  if (path === "/logout") affinity.release();
  send(affinity.state);
};

describe.each(stacks)("on $name", (stack: Stack) => {
  it("binds a new client, keeps it, and says nothing more", async () => {
    await using app = await stack.start(base, say);
    const browser = new Browser(app.send);
    const first = await browser.visit("/");
    expect(first.body).toBe("new");
    expect(first.setCookie).toHaveLength(1);
    expect(first.setCookie[0]).toMatch(
      /^SHOP=1\.[\w.-]{85}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/,
    );
    const second = await browser.visit("/");
    expect(second.body).toBe("kept");
    expect(second.setCookie).toEqual([]);
    expect(second.headers["cache-control"]).toBeUndefined();
  });

  it("tells a client that comes from another instance, and binds it here", async () => {
    await using a = await stack.start({ ...base, instance: "a" }, say);
    await using b = await stack.start({ ...base, instance: "b" }, say);
    let here = a;
    const browser = new Browser((path, call) => here.send(path, call));
    await browser.visit("/");
    here = b;
    const moved = await browser.visit("/");
    expect(moved.body).toBe("moved");
    expect(moved.setCookie).toHaveLength(1);
    expect((await browser.visit("/")).body).toBe("kept");
  });

  it("sets nothing on OPTIONS nor on a health check", async () => {
    await using app = await stack.start(base, say);
    const preflight = await app.send("/", { method: "OPTIONS" });
    const health = await app.send("/", { headers: { "user-agent": "ELB-HealthChecker/2.0" } });
    expect([...preflight.setCookie, ...health.setCookie]).toEqual([]);
    expect(app.controls[0]!.counters).toEqual({ new: 0, kept: 0, moved: 0, released: 0, forged: 0 });
  });

  it("asks `when`, and passes it what the default would say", async () => {
    const asked: boolean[] = [];
    const when = (_subject: unknown, isOrdinary: boolean): boolean => asked.push(isOrdinary) > 1;
    await using app = await stack.start({ ...base, when }, say);
    expect((await app.send("/")).setCookie).toEqual([]);
    expect((await app.send("/", { method: "OPTIONS" })).setCookie).toHaveLength(1);
    expect(asked).toEqual([true, false]);
  });

  it("binds anew when the balancer lost its half of the pair", async () => {
    await using app = await stack.start(base, say);
    const cookie = pairOf((await app.send("/")).setCookie[0]!);
    const shown = await app.send("/", { headers: { cookie: `${cookie}; AWSALBAPP-0=_remove_` } });
    expect(shown.body).toBe("kept");
    expect(shown.setCookie).toHaveLength(1);
    const whole = await app.send("/", {
      headers: { cookie: `${cookie}; AWSALBAPP-0=AAAA; AWSALBAPP-1=_remove_` },
    });
    expect(whole.setCookie).toEqual([]);
  });

  it("takes a forged, damaged or repeated cookie for a new client", async () => {
    await using app = await stack.start(base, say);
    const good = pairOf((await app.send("/")).setCookie[0]!);
    const bad = [
      "SHOP=",
      "SHOP=x",
      `${good}x`,
      good.slice(0, -1),
      "SHOP=%E0%A4%A",
      'SHOP="',
      `SHOP=${"A".repeat(8_000)}`,
    ];
    for (const cookie of bad) {
      const answer = await app.send("/", { headers: { cookie } });
      expect([answer.status, answer.body, answer.setCookie.length], cookie.slice(0, 40)).toEqual([
        200,
        "new",
        1,
      ]);
    }
    expect(app.controls[0]!.counters.forged).toBe(bad.length);
    const repeated = await app.send("/", { headers: { cookie: `SHOP=planted; ${good}` } });
    expect(repeated.body).toBe("kept");
  });

  it("expires the cookie on release, with the attributes it was set with", async () => {
    const options: AffinityOptions = {
      ...base,
      name: "__Secure-SHOP",
      path: "/shop",
      domain: "example.com",
      secure: true,
      sameSite: "none",
      partitioned: true,
    };
    await using app = await stack.start(options, ({ path, affinity, send }) => {
      if (path === "/shop/logout") affinity.release();
      send(affinity.state);
    });
    const browser = new Browser(app.send, "https://app.example.com");
    const set = (await browser.visit("/shop/")).setCookie[0]!;
    expect(await browser.cookies("/shop/")).toContain("__Secure-SHOP=");
    const expired = (await browser.visit("/shop/logout")).setCookie;
    expect(expired).toEqual([
      "__Secure-SHOP=; Path=/shop; Domain=example.com; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned",
    ]);
    expect(attributesOf(expired[0]!)).toEqual(attributesOf(set));
    expect(await browser.cookies("/shop/")).toBe("");
    expect((await browser.visit("/shop/")).body).toBe("new");
    expect(app.controls[0]!.counters.released).toBe(1);
  });

  it("releases a new client before it was ever bound, and one that may not be bound", async () => {
    await using app = await stack.start({ ...base, when: () => false }, release);
    expect((await app.send("/")).setCookie).toEqual([]);
    expect((await app.send("/logout")).setCookie).toEqual([
      "SHOP=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    ]);
  });

  it("refuses a release after the head", async () => {
    const codes: unknown[] = [];
    await using app = await stack.start(base, ({ affinity, response }) => {
      const raw = response as ServerResponse;
      raw.writeHead(200);
      try {
        affinity.release();
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
      raw.end("late");
    });
    const answer = await app.send("/");
    expect(answer.body).toBe("late");
    expect(answer.setCookie).toHaveLength(1);
    expect(codes).toEqual(["ERR_UNSTICK_HEAD_WRITTEN"]);
  });

  it("drains: binds nobody, releases whoever is bound, leaves strangers alone", async () => {
    await using app = await stack.start(base, say);
    const bound = new Browser(app.send);
    await bound.visit("/");
    app.controls[0]!.drain();
    expect((await app.send("/")).setCookie).toEqual([]);
    expect((await bound.visit("/")).setCookie).toEqual(["SHOP=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
    expect(await bound.cookies()).toBe("");
    const forged = await app.send("/", { headers: { cookie: "SHOP=balancers do not look at values" } });
    expect(forged.setCookie).toHaveLength(1);
    expect(app.controls[0]!.counters.released).toBe(2);
  });

  it("binds nobody and releases whoever is kept whose request was under way when the drain began", async () => {
    const gate = makeGate();
    await using app = await stack.start(base, async ({ path, affinity, send }) => {
      if (path === "/slow") await gate.pass();
      send(affinity.state);
    });
    const bound = new Browser(app.send);
    await bound.visit("/");
    const underWay = [bound.visit("/slow"), app.send("/slow")];
    await gate.arrivals(underWay.length);
    app.controls[0]!.drain();
    gate.open();
    const [kept, stranger] = await Promise.all(underWay);
    expect(kept!.body).toBe("kept");
    expect(kept!.setCookie).toEqual([expired]);
    expect(kept!.headers["cache-control"]).toBe("private");
    expect(stranger!.setCookie).toEqual([]);
    expect(await bound.cookies()).toBe("");
    expect(app.controls[0]!.counters.released).toBe(1);
  });

  it("releases on the next response whoever's head was out when the drain began", async () => {
    const gate = makeGate();
    await using app = await stack.start(base, async ({ path, affinity, response, send }) => {
      if (path !== "/slow") return send(affinity.state);
      const raw = response as ServerResponse;
      raw.writeHead(200, { "Set-Cookie": "other=1" });
      await gate.pass();
      raw.end("late");
    });
    const bound = new Browser(app.send);
    await bound.visit("/");
    const underWay = bound.visit("/slow");
    await gate.arrivals(1);
    app.controls[0]!.drain();
    gate.open();
    expect((await underWay).setCookie).toEqual(["other=1"]);
    expect((await bound.visit("/")).setCookie).toEqual([expired]);
  });

  it("lets no shared cache store a response that sets or expires the cookie", async () => {
    await using app = await stack.start(base, ({ path, affinity, response, send }) => {
      response.setHeader("Cache-Control", "public, max-age=600, s-maxage=900, stale-if-error=60");
      response.setHeader("CDN-Cache-Control", "max-age=900");
      if (path === "/logout") affinity.release();
      send("asset");
    });
    const browser = new Browser(app.send);
    const bound = await browser.visit("/");
    expect(bound.headers["cache-control"]).toBe("private, max-age=600, stale-if-error=60");
    expect(bound.headers["cdn-cache-control"]).toBeUndefined();
    const kept = await browser.visit("/");
    expect(kept.headers["cache-control"]).toBe("public, max-age=600, s-maxage=900, stale-if-error=60");
    expect(kept.headers["cdn-cache-control"]).toBe("max-age=900");
    expect((await browser.visit("/logout")).headers["cache-control"]).toMatch(/^private\b/);
  });

  it("sets the cookie on an error response", async () => {
    await using app = await stack.start(base, ({ response }) => {
      response.setHeader("X-Lost", "maybe");
      throw new Error("handler failed");
    });
    const answer = await app.send("/");
    expect(answer.status).toBe(500);
    expect(answer.setCookie).toHaveLength(1);
    expect(answer.headers["cache-control"]).toBe("private");
  });

  it("releases on an error response", async () => {
    await using app = await stack.start(base, ({ affinity }) => {
      affinity.release();
      throw new Error("handler failed");
    });
    const browser = new Browser(app.send);
    await browser.jar.setCookie("SHOP=old; Path=/", "http://app.example.com/");
    expect((await browser.visit("/")).status).toBe(500);
    expect(await browser.cookies()).toBe("");
  });

  it("leaves the application's other cookies alone and sets no name twice", async () => {
    await using app = await stack.start(base, ({ response, send }) => {
      response.setHeader("Set-Cookie", ["a=1; Path=/", "SHOP=application; Path=/", "SHOPPER=2"]);
      send("done");
    });
    const { setCookie } = await app.send("/");
    expect(setCookie.slice(0, 2)).toEqual(["a=1; Path=/", "SHOPPER=2"]);
    expect(setCookie[2]).toMatch(/^SHOP=1\./);
    expect(setCookie).toHaveLength(3);
  });

  it("holds several affinities side by side, each under its name", async () => {
    const options = [
      { ...base, name: "SHOP" },
      { ...base, name: awkward },
      { ...base, name: "__proto__", lifetimeSeconds: 60 },
    ];
    await using app = await stack.start(options, ({ path, affinity, send }) => {
      if (path === "/leave") (affinity as Readonly<Record<string, Affinity>>)[awkward]?.release();
      send(
        Object.keys(affinity)
          .map((name) => `${name} ${affinity[name]?.state}`)
          .join(", "),
      );
    });
    const browser = new Browser(app.send);
    const first = await browser.visit("/");
    expect(first.body).toBe("SHOP new, valueOf new, __proto__ new");
    expect(first.setCookie.map((line) => line.split("=", 1)[0])).toEqual(["__proto__", awkward, "SHOP"]);
    expect((await browser.visit("/leave")).setCookie).toEqual([
      "valueOf=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    ]);
    expect((await browser.visit("/")).body).toBe("SHOP kept, valueOf new, __proto__ kept");
    expect(app.controls.map(({ counters }) => counters.released)).toEqual([0, 1, 0]);
  });

  it("does nothing twice when one name is mounted twice", async () => {
    await using app = await stack.start([base, base], say);
    const answer = await app.send("/");
    expect(answer.setCookie).toHaveLength(1);
    expect(app.controls.map(({ counters }) => counters.new)).toEqual([1, 0]);
  });

  it("counts its clients and publishes each count without value or instance", async () => {
    await using app = await stack.start(
      { ...base, name: `COUNT-${stacks.indexOf(stack)}`, instance: "secret-host" },
      release,
    );
    const name = `COUNT-${stacks.indexOf(stack)}`;
    const seen: string[] = [];
    const events = ["new", "kept", "moved", "released", "forged"] as const;
    const listeners = events.map((event) => (message: unknown) => {
      if ((message as { name?: unknown }).name === name) seen.push(`${event} ${JSON.stringify(message)}`);
    });
    for (const [at, event] of events.entries())
      channel(`unstick.affinity.${event}`).subscribe(listeners[at]!);
    const browser = new Browser(app.send);
    await browser.visit("/");
    await browser.visit("/");
    await browser.visit("/logout");
    await app.send("/", { headers: { cookie: `${name}=forged` } });
    for (const [at, event] of events.entries())
      channel(`unstick.affinity.${event}`).unsubscribe(listeners[at]!);
    expect(app.controls[0]!.counters).toEqual({ new: 2, kept: 2, moved: 0, released: 1, forged: 1 });
    const message = JSON.stringify({ name });
    expect(seen).toEqual(
      ["new", "kept", "kept", "released", "new", "forged"].map((event) => `${event} ${message}`),
    );
  });
});

function pairOf(setCookie: string): string {
  return setCookie.split(";", 1)[0]!;
}

function attributesOf(setCookie: string): string[] {
  return setCookie
    .split("; ")
    .slice(1)
    .filter((attribute) => !attribute.startsWith("Max-Age"));
}
