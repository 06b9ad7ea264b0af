import { memoryBackend } from "@unstick/session";
import type { CookieOptions } from "@unstick/session/express";
import { describe, expect, it } from "vitest";
import { hosts, startApp } from "./session-app.ts";

const settings: readonly CookieOptions[] = [
  { maxAge: 60_000 },
  { maxAge: 60_000, httpOnly: false, sameSite: "strict", path: "/" },
  { maxAge: 60_000, domain: "127.0.0.1", priority: "high" },
  { maxAge: null, sameSite: false },
  { maxAge: 60_000, secure: true, sameSite: "none", partitioned: true },
];
const encryption = [undefined, { keys: { one: Buffer.alloc(32, 7) }, active: "one" }];

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
        expect(looked.body).toBe(`3 ${cookie.maxAge}`);
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
});
