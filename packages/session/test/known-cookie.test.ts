import { memoryBackend } from "@unstick/session";
import type { CookieOptions } from "@unstick/session/express";
import { describe, expect, it } from "vitest";
import { hosts, type Routes, startApp } from "./session-app.ts";

const settings: readonly CookieOptions[] = [
  { maxAge: 60_000 },
  { maxAge: 60_000, httpOnly: false, sameSite: "strict", path: "/" },
  { maxAge: 60_000, domain: "127.0.0.1", priority: "high" },
  { maxAge: null, sameSite: false },
  { maxAge: 60_000, secure: true, sameSite: "none", partitioned: true },
];
const encryption = [undefined, { keys: { one: Buffer.alloc(32, 7) }, active: "one" }];

const write: Routes[string] = (req, res) => {
  req.session.views = ((req.session.views as number | undefined) ?? 0) + 1;
  res.end(String(req.session.views));
};
const read: Routes[string] = (req, res) => void res.end(String(req.session.views));

/** The field of a session that nobody looked at is made from what is known of its text. */
describe.each(hosts)("on %s the cookie that is set anew", (host) => {
  it.each(settings)("is the same whether or not the application looked at it: %o", async (cookie) => {
    for (const sealed of encryption) {
      const backend = memoryBackend();
      const options = { backend, cookie, proxy: true, rolling: true, ...(sealed && { encryption: sealed }) };
      const app = await startApp(options, {
        "/write": (req, res) => {
          req.session.views = ((req.session.views as number | undefined) ?? 0) + 1;
          res.end(String(req.session.views));
        },
        "/look": (req, res) => {
          req.session.views = (req.session.views as number) + 1;
          res.end(`${req.session.views} ${req.session.cookie.originalMaxAge}`);
        },
      });
      try {
        const browser = app.browser();
        const https = { headers: { "x-forwarded-proto": "https" } };
        await browser.get("/write", https);
        const plain = (await browser.get("/write", https)).cookies.get("connect.sid");
        const looked = await browser.get("/look", https);
        // As in express-session, the age is what is left when it is first noted: a tick may have passed.
        expect(looked.body).toMatch(cookie.maxAge === null ? "3 null" : /^3 (60000|599\d\d)$/);
        const withoutDate = (field: string | undefined) => field?.replace(/Expires=[^;]+/, "Expires");
        expect(withoutDate(plain)).toContain("connect.sid=s%3A");
        expect(withoutDate(looked.cookies.get("connect.sid"))).toBe(withoutDate(plain));
        expect(/Expires/.test(plain ?? "")).toBe(cookie.maxAge !== null);
        const ends = Date.parse(/Expires=([^;]+)/.exec(plain ?? "")?.[1] ?? "");
        if (cookie.maxAge) expect(Math.abs(ends - Date.now() - cookie.maxAge)).toBeLessThan(5_000);
      } finally {
        await app.close();
      }
    }
  });

  it("is signed by the first secret, though the browser showed what an older one signed", async () => {
    const backend = memoryBackend();
    const routes = {
      "/write": (req: { session: Record<string, unknown> }, res: { end(text: string): void }) => {
        req.session.views = ((req.session.views as number | undefined) ?? 0) + 1;
        res.end("");
      },
    };
    const cookie = { maxAge: 60_000 };
    const old = await startApp({ backend, cookie, secret: "old" }, routes as never, host);
    const before = (await old.browser().get("/write")).cookies.get("connect.sid");
    await old.close();
    const app = await startApp({ backend, cookie, secret: ["new", "old"] }, routes as never, host);
    try {
      const browser = app.browser();
      browser.jar.set("connect.sid", /=([^;]+)/.exec(before ?? "")?.[1] ?? "");
      const after = (await browser.get("/write")).cookies.get("connect.sid");
      const value = (field: string | undefined) =>
        decodeURIComponent(/=([^;]+)/.exec(field ?? "")?.[1] ?? "");
      expect(value(after).split(".")[0]).toBe(value(before).split(".")[0]);
      expect(value(after)).not.toBe(value(before));
    } finally {
      await app.close();
    }
  });

  it("of a session that was stored without one is decided for each request", async () => {
    const backend = memoryBackend();
    const cookie = { maxAge: 60_000, secure: "auto", sameSite: "auto" } as const;
    const app = await startApp({ backend, cookie, proxy: true, rolling: true }, { "/": write }, host);
    try {
      const browser = app.browser();
      await browser.get("/");
      for await (const key of backend.sessionKeys())
        await backend.update(key, { remove: ["cookie"] }, { idleMs: 60_000 });
      for (const proto of ["https", "http", "https"]) {
        const { cookies } = await browser.get("/", { headers: { "x-forwarded-proto": proto } });
        const field = cookies.get("connect.sid") ?? "";
        expect([/; Secure/.test(field), /SameSite=(\w+)/.exec(field)?.[1]], proto).toEqual(
          proto === "https" ? [true, "None"] : [false, "Lax"],
        );
      }
    } finally {
      await app.close();
    }
  });

  it("that no browser would take hinders nobody who only reads", async () => {
    const backend = memoryBackend();
    const routes = { "/": write, "/read": read };
    const app = await startApp({ backend, cookie: { maxAge: 60_000, secure: false } }, routes, host);
    try {
      const browser = app.browser();
      await browser.get("/");
      const stored = new Map([["cookie", '~{"m":60000,"x":1,"s":false,"t":"none"}']]);
      for await (const key of backend.sessionKeys())
        await backend.update(key, { set: stored }, { idleMs: 60_000 });
      expect(await browser.get("/read")).toMatchObject({ status: 200, body: "1" });
      expect((await browser.get("/")).status).toBe(500);
      expect(app.errors).toMatchObject([{ code: "ERR_UNSTICK_OPTION", option: "cookie.sameSite" }]);
    } finally {
      await app.close();
    }
  });
});
