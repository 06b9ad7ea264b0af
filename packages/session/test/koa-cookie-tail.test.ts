import { createHmac } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend } from "@unstick/session";
import { session } from "@unstick/session/koa";
import Koa from "koa";
import Koa2 from "koa2";
import { afterEach, describe, expect, it } from "vitest";

// What Koa wrote once is used for the cookies of the same second: none of them may have what is another one's.

type Context = Koa.Context & { session: Record<string, unknown> & { maxAge: number | "session" } };
type Settings = Record<string, unknown>;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const name = "koa.sess";
const secret = "a secret of thirty-two bytes, no?";
const hour = 3_600_000;

describe.each([
  ["3", Koa],
  ["2", Koa2 as unknown as typeof Koa],
] as const)("cookies of a session on Koa %s", (_major, Application) => {
  /** Answers a function that asks, and gets the Set-Cookie fields. */
  async function serve(
    settings: Settings,
    before: (ctx: Context) => void = () => {},
  ): Promise<(headers?: Record<string, string>) => Promise<string[]>> {
    const app = new Application();
    app.keys = [secret];
    app.proxy = true;
    app.silent = true;
    app.use((ctx, next) => {
      before(ctx as unknown as Context);
      return next();
    });
    app.use(session({ maxAge: hour, backend: memoryBackend(), ...settings }, app));
    app.use((ctx) => {
      const { session: own } = ctx as unknown as Context;
      own.n = Number(own.n ?? 0) + 1;
      ctx.body = "";
    });
    const server = http.createServer(app.callback()).listen(0, "127.0.0.1");
    closers.push(() => server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return async (headers = {}) => (await fetch(url, { headers })).headers.getSetCookie();
  }

  function attributesOf(fields: readonly string[]): string[] {
    return fields.map((field) => field.replace(/=[^;]*/, "").replace(/expires=[^;]*/, "expires"));
  }

  function valueIn(fields: readonly string[], cookie: string): string | undefined {
    return fields.find((field) => field.startsWith(`${cookie}=`))?.split(/[=;]/, 2)[1];
  }

  it.each<Settings>([
    {},
    { maxAge: "session" },
    { path: "/", domain: "127.0.0.1", httpOnly: false },
    { sameSite: "strict", priority: "high" },
    { secure: false },
    { overwrite: false },
    { signed: false },
  ])("have the same attributes each time: %o", async (settings) => {
    const ask = await serve(settings);
    const [first, second, third] = [await ask(), await ask(), await ask()];
    expect(attributesOf(second)).toEqual(attributesOf(first));
    expect(attributesOf(third)).toEqual(attributesOf(first));
    expect(first).toHaveLength(settings.signed === false ? 1 : 2);
    expect(new Set([first, second, third].map((fields) => valueIn(fields, name))).size).toBe(3);
  });

  it("are signed each by itself", async () => {
    const ask = await serve({});
    for (let at = 0; at < 3; at++) {
      const fields = await ask();
      const signature = createHmac("sha1", secret)
        .update(`${name}=${valueIn(fields, name)}`)
        .digest("base64url");
      expect(valueIn(fields, `${name}.sig`)).toBe(signature);
    }
  });

  it("end an age after the request, to the second", async () => {
    const ask = await serve({ maxAge: hour });
    for (let count = 0; count < 4; count++) {
      const before = Date.now();
      const [field] = await ask();
      const end = Date.parse(/expires=([^;]*)/.exec(field ?? "")?.[1] ?? "");
      expect(end).toBeGreaterThan(before + hour - 1_000);
      expect(end).toBeLessThanOrEqual(Date.now() + hour);
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  });

  it("are secure by the request that they answer", async () => {
    const ask = await serve({});
    const secure: boolean[][] = [];
    for (const protocol of ["https", "http", "https", "https", "http", "http"]) {
      const fields = await ask({ "x-forwarded-proto": protocol });
      secure.push(fields.map((field) => field.includes("; secure")));
    }
    expect(secure.map(([one, two]) => [one, two])).toEqual(
      [true, false, true, true, false, false].map((is) => [is, is]),
    );
  });

  it("are secure as ctx.cookies was told, for that request", async () => {
    const told = [undefined, true, false, undefined, true];
    const asked = [...told];
    const ask = await serve({}, (ctx) => {
      const is = told.shift();
      if (is !== undefined) Object.assign(ctx.cookies, { secure: is });
    });
    const secure: boolean[] = [];
    for (const _ of asked) secure.push((await ask())[0]?.includes("; secure") === true);
    expect(secure).toEqual(asked.map((is) => is === true));
  });

  it.each([
    ["Koa is asked once", true, 1],
    ["who stands before Koa is asked each time", false, 4],
  ])("while nothing but the value differs: %s", async (_who, isKoas, expected) => {
    let calls = 0;
    const before = (set: (...all: unknown[]) => unknown): ((...all: unknown[]) => unknown) =>
      isKoas
        ? function (this: object, ...all: unknown[]): unknown {
            // Koa's own is told by its text, of which this is a part.
            if (String("pushCookie(headers, cookie)") !== "") calls += 1;
            return Reflect.apply(set, this, all);
          }
        : function (this: object, ...all: unknown[]): unknown {
            calls += 1;
            return Reflect.apply(set, this, all);
          };
    const ask = await serve({ maxAge: "session" }, (ctx) => {
      Object.assign(ctx.cookies, { set: before(ctx.cookies.set as never) });
    });
    const first = await ask();
    const cookie = first.map((field) => field.split(";", 1)[0]).join("; ");
    // New sessions, and one that comes again and is written.
    const others = [await ask(), await ask({ cookie }), await ask()];
    expect(calls).toBe(expected);
    expect(others.map(attributesOf)).toEqual([first, first, first].map(attributesOf));
    expect(valueIn(others[1] ?? [], name)).toBe(valueIn(first, name));
  });

  it("are nobody else's where the application sets a list that is a constant", async () => {
    const constant = ["theme=dark"];
    const ask = await serve({}, (ctx) => {
      ctx.res.setHeader("Set-Cookie", constant);
    });
    for (let at = 0; at < 3; at++) expect(await ask()).toHaveLength(3);
    expect(constant).toEqual(["theme=dark"]);
  });

  it("leave to a request what it changed for itself", async () => {
    let count = 0;
    const ask = await serve({}, (ctx) => {
      count += 1;
      if (count === 2) Object.assign(ctx.sessionOptions as object, { path: "/own" });
      if (count === 3) ctx.session.maxAge = 2 * hour;
    });
    const ends: number[] = [];
    const paths: (string | undefined)[] = [];
    for (let at = 0; at < 4; at++) {
      const [field = ""] = await ask();
      paths.push(/path=([^;]*)/.exec(field)?.[1]);
      ends.push(Math.round((Date.parse(/expires=([^;]*)/.exec(field)?.[1] ?? "") - Date.now()) / hour));
    }
    expect([paths, ends]).toEqual([
      ["/", "/own", "/", "/"],
      [1, 1, 2, 1],
    ]);
  });

  it("are written by what the application put in the place of ctx.cookies", async () => {
    let count = 0;
    const written: string[] = [];
    const ask = await serve({}, (ctx) => {
      count += 1;
      if (count < 3) return;
      ctx.cookies = {
        get: () => undefined,
        set: (cookie: string, value: string) => written.push(`${cookie}=${value.length}`),
      } as never;
    });
    for (let at = 0; at < 3; at++) await ask();
    expect(written).toEqual([`${name}=65`, `${name}.sig=27`]);
  });

  it("take the place of others of their names, and of no more", async () => {
    const ask = await serve({}, (ctx) => {
      ctx.res.appendHeader("Set-Cookie", "theme=dark");
      ctx.res.appendHeader("Set-Cookie", `${name}=planted`);
      ctx.res.appendHeader("Set-Cookie", `${name}.sig=planted`);
    });
    for (let at = 0; at < 3; at++) {
      const fields = await ask();
      expect(fields.map((field) => field.split("=", 1)[0])).toEqual(["theme", name, `${name}.sig`]);
      expect(fields.some((field) => field.includes("planted"))).toBe(false);
    }
  });

  it("refuse a value that is none, each time", async () => {
    const values = ["good-1", "good-2", "bad; path=/", "good-3", "bad\u0101"];
    const ask = await serve({ genid: () => values.shift() ?? "" });
    const seen: (string | undefined)[] = [];
    for (let at = 0; at < 5; at++) seen.push(valueIn(await ask(), name));
    expect(seen).toEqual(["good-1", "good-2", undefined, "good-3", undefined]);
  });
});
