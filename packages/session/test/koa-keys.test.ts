import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { session } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";
import { Browser, type TestBackend, testBackend } from "./session-app.ts";

type Keys = Koa["keys"];
type Keygrip = new (keys: readonly string[], algorithm?: string) => Keys;

const [current, older, stranger] = ["the current secret", "an older secret", "a stranger's secret"];
const name = "koa.sess";
/** Of the form that koa-session gives. */
const key = "4d1f0a3e-0000-4000-8000-000000000001";
const otherKey = "4d1f0a3e-0000-4000-8000-000000000002";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe.each([
  ["3", Koa],
  ["2", Koa2 as unknown as typeof Koa],
] as const)("app.keys on Koa %s", (_major, Application) => {
  async function serve(keys: Keys, use: (app: Koa) => void): Promise<Browser> {
    const app = new Application();
    app.keys = keys;
    app.silent = true;
    use(app);
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    closers.push(() => server.close());
    await once(server, "listening");
    return new Browser((server.address() as AddressInfo).port);
  }

  /** The pair of cookies that Koa itself makes. */
  async function pairBy(keys: Keys, value: string = key): Promise<Map<string, string>> {
    const browser = await serve(keys, (app) => {
      app.use((ctx) => {
        ctx.cookies.set(name, value, { signed: true });
        ctx.body = "";
      });
    });
    await browser.get("/");
    return browser.jar;
  }

  /** Whether Koa itself takes a pair. */
  async function isTakenBy(keys: Keys, jar: ReadonlyMap<string, string>): Promise<boolean> {
    const browser = await serve(keys, (app) => {
      app.use((ctx) => {
        ctx.body = String(ctx.cookies.get(name, { signed: true }) !== undefined);
      });
    });
    for (const [field, value] of jar) browser.jar.set(field, value);
    return (await browser.get("/")).body === "true";
  }

  async function keygrip(): Promise<Keygrip> {
    let found: object = {};
    const browser = await serve(["x"], (app) => {
      app.use((ctx) => {
        found = (ctx.cookies as unknown as { keys: object }).keys;
        ctx.body = "";
      });
    });
    await browser.get("/");
    return found.constructor as Keygrip;
  }

  async function ours(keys: Keys, backend: TestBackend): Promise<Browser> {
    return serve(keys, (app) => {
      app.use(session({ backend, rolling: true, genid: () => otherKey }, app));
      app.use((context) => {
        const ctx = context as unknown as Koa.Context & { session: { user?: string } };
        if (ctx.path === "/begin") ctx.session.user = "ann";
        ctx.body = ctx.session.user ?? "nobody";
      });
    });
  }

  /** Sessions under both keys, as a middleware that has `keys` shows them to a browser with `jar`. */
  async function visit(keys: Keys, jar: ReadonlyMap<string, string>) {
    const backend = testBackend();
    const maker = await serve(keys, (app) => {
      app.use(session({ backend, genid: () => key }, app));
      app.use((ctx) => {
        Object.assign((ctx as unknown as { session: object }).session, { user: "ann" });
        ctx.body = "";
      });
    });
    await maker.get("/");
    backend.calls.length = 0;
    const browser = await ours(keys, backend);
    for (const [field, value] of jar) browser.jar.set(field, value);
    const { body, cookies } = await browser.get("/");
    return { body, cookies, jar: browser.jar, calls: backend.calls };
  }

  it("any of the list is taken, and the first signs anew", async () => {
    for (const by of [current, older]) {
      const seen = await visit([current, older], await pairBy([by]));
      expect(seen.body).toBe("ann");
      expect(seen.jar).toEqual(await pairBy([current]));
    }
  });

  it("what Koa would not take opens nothing, and asks nobody", async () => {
    const good = await pairBy([current]);
    const signature = good.get(`${name}.sig`) ?? "";
    const other = (await pairBy([current], otherKey)).get(`${name}.sig`) ?? "";
    const last = signature.at(-1) === "A" ? "B" : "A";
    const bad: readonly (readonly [string, string | undefined])[] = [
      ["a stranger's", (await pairBy([stranger])).get(`${name}.sig`)],
      ["one that was taken off the list", (await pairBy([older])).get(`${name}.sig`)],
      ["another value's", other],
      ["none", undefined],
      ["an empty one", ""],
      ["a padded one", `${signature}=`],
      ["a longer one", `${signature}A`],
      ["a shorter one", signature.slice(0, -1)],
      ["another last letter", signature.slice(0, -1) + last],
      ["no ASCII", `${signature.slice(0, -1)}é`],
    ];
    for (const [what, text] of bad) {
      const jar = new Map([[name, key]]);
      if (text !== undefined) jar.set(`${name}.sig`, Buffer.from(text).toString("latin1"));
      const { body, calls } = await visit([current, stranger.slice(1)], jar);
      expect({ what, body, calls }).toEqual({ what, body: "nobody", calls: [] });
    }
    expect((await visit([current], good)).body).toBe("ann");
  });

  it("a Keygrip of another algorithm, or other kinds of secrets, sign and verify as Koa does", async () => {
    const Grip = await keygrip();
    const kinds: readonly Keys[] = [
      new Grip([current, older]),
      new Grip([current, older], "sha256"),
      [Buffer.from(current), Buffer.from(older)] as never,
    ];
    for (const keys of kinds) {
      const pair = await pairBy(keys);
      expect((await visit(keys, pair)).body).toBe("ann");
      expect((await visit(keys, await pairBy([stranger]))).body).toBe("nobody");
      const browser = await ours(keys, testBackend());
      await browser.get("/begin");
      expect(await isTakenBy(keys, browser.jar)).toBe(true);
    }
  });

  it("two applications of one process keep their secrets apart", async () => {
    const apps = [
      { keys: [current], backend: testBackend() },
      { keys: [stranger], backend: testBackend() },
    ];
    const browsers = await Promise.all(apps.map(({ keys, backend }) => ours(keys, backend)));
    for (const browser of browsers) await browser.get("/begin");
    const bodies = await Promise.all(
      [...browsers, ...browsers].map(async (browser) => (await browser.get("/")).body),
    );
    expect(bodies).toEqual(["ann", "ann", "ann", "ann"]);
    for (const [at, { keys }] of apps.entries()) expect(await isTakenBy(keys, browsers[at]!.jar)).toBe(true);
    expect(await isTakenBy([current], browsers[1]!.jar)).toBe(false);
  });
});
