import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { createEngine } from "@unstick/session";
import { session } from "@unstick/session/koa";
import Koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { RememberedIds } from "../src/koa/remembered-ids.ts";
import { eventLog } from "./engine/event-log.ts";
import { type Browser, serve, testBackend } from "./session-app.ts";

const idOf = (digit: string): string => `${digit.repeat(8)}-${digit.repeat(56)}`;
const secret = "a secret of thirty-two bytes, no?";
const sign = (id: string): string => createHmac("sha1", secret).update(`koa.sess=${id}`).digest("base64url");

describe("ids that were shown before", () => {
  test("are found by their signature, and by no part of the id, nor with anything more", () => {
    const ids = new RememberedIds();
    ids.remember(idOf("a"), "one", "key of a");
    ids.remember(idOf("b"), "other", "key of b");
    expect([ids.find(idOf("a"), "one"), ids.find(idOf("b"), "other")]).toEqual(["key of a", "key of b"]);
    const others = [
      idOf("b"),
      `${idOf("a")}a`,
      idOf("a").slice(0, -1),
      `${idOf("a").slice(0, -1)}b`,
      "",
      "é",
    ];
    // Characters that are the same in their low byte.
    others.push(idOf("a").replace("a", "š"), idOf("a").replace("a", String.fromCharCode(0x161)));
    for (const id of others) expect(ids.find(id, "one"), id).toBeUndefined();
    expect([ids.find(idOf("a"), "other"), ids.find(idOf("a"), "")]).toEqual([undefined, undefined]);
  });

  test("are forgotten when so many came after that they do not matter", () => {
    const ids = new RememberedIds();
    ids.remember(idOf("a"), "one", "key of a");
    for (let at = 0; at < 10_000; at += 1) ids.remember(idOf("b"), `signature ${at}`, "key of b");
    expect([ids.find(idOf("a"), "one"), ids.find(idOf("b"), "signature 9999")]).toEqual([
      undefined,
      "key of b",
    ]);
  });

  test("are printed by nobody", () => {
    const ids = new RememberedIds();
    ids.remember(idOf("a"), "one", "key of a");
    expect(inspect(ids, { depth: 12, showHidden: true })).toBe("RememberedIds {}");
  });
});

describe("a cookie that is shown again, on Koa", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function start(): Promise<{ browser: Browser; backend: ReturnType<typeof testBackend> }> {
    const backend = testBackend();
    const app = new Koa();
    app.keys = [secret];
    app.use(session({ backend }, app));
    app.use((ctx) => {
      const { session: held } = ctx as unknown as { session: { n?: number } };
      held.n = (held.n ?? 0) + 1;
      ctx.body = String(held.n);
    });
    const { browser, close } = await serve(app.callback());
    closers.push(close);
    return { browser: browser(), backend };
  }

  test("opens its session, and with another id or another signature none", async () => {
    const { browser } = await start();
    const visits = [];
    for (let at = 0; at < 3; at += 1) visits.push((await browser.get("/")).body);
    expect(visits).toEqual(["1", "2", "3"]);
    const [id = "", signature = ""] = ["koa.sess", "koa.sess.sig"].map((name) => browser.jar.get(name));
    const last = id.endsWith("0") ? "1" : "0";
    for (const [otherId, otherSignature] of [
      [id.slice(0, -1) + last, signature],
      [id, `${signature.slice(0, -1)}${signature.endsWith("A") ? "Q" : "A"}`],
      [idOf("c"), signature],
    ] as const) {
      const other = browser.fork();
      other.jar.set("koa.sess", otherId).set("koa.sess.sig", otherSignature);
      expect((await other.get("/")).body).toBe("1");
    }
    expect((await browser.get("/")).body).toBe("4");
  });

  test("is no reason to ask the store for an id of no known form, however often it is shown", async () => {
    const refused = eventLog(["refused"]);
    const { browser, backend } = await start();
    for (let at = 0; at < 3; at += 1) {
      const other = browser.fork();
      other.jar.set("koa.sess", "of-no-form").set("koa.sess.sig", sign("of-no-form"));
      expect((await other.get("/")).body).toBe("1");
    }
    expect([refused.length, backend.calls.filter((verb) => verb === "read")]).toEqual([3, []]);
  });

  test("that only koa-session knows is asked for as itself", async () => {
    const { browser, backend } = await start();
    const uuid = "4d1f0a3e-0000-4000-8000-000000000001";
    const stored = createEngine({ backend, ids: "any" }).create(uuid);
    stored.set("n", 41);
    await stored.save();
    browser.jar.set("koa.sess", uuid).set("koa.sess.sig", sign(uuid));
    expect([(await browser.get("/")).body, (await browser.get("/")).body]).toEqual(["42", "43"]);
  });
});
