import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { memoryBackend, type SessionEnumeration } from "@unstick/session";
import { session } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import { csrfSync } from "csrf-sync";
import express, { type RequestHandler } from "express";
import express4 from "express4";
import Koa from "koa";
import Koa2 from "koa2";
import passport from "passport";
import { afterEach, describe, expect, it } from "vitest";
import { Browser } from "./session-app.ts";

/** Packages without types, used as they come. */
const require = createRequire(import.meta.url);
const flash = require("connect-flash") as () => RequestHandler;
const { Strategy: LocalStrategy } = require("passport-local") as {
  Strategy: new (
    verify: (name: string, password: string, done: (error: null, user: { id: string }) => void) => void,
  ) => passport.Strategy;
};
const { KoaPassport } = require("koa-passport") as { KoaPassport: new () => typeof passport };

const secret = "a secret of thirty-two bytes, no?";
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(listener: unknown): Promise<Browser> {
  const server = createServer(listener as RequestListener).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return new Browser((server.address() as AddressInfo).port);
}

function configured<Passport extends typeof passport>(made: Passport): Passport {
  made.use(new LocalStrategy((name, _password, done) => done(null, { id: name })));
  made.serializeUser((user, done) => done(null, (user as { id: string }).id));
  made.deserializeUser((id, done) => done(null, { id: String(id) }));
  return made;
}

async function count(backend: SessionEnumeration): Promise<number> {
  let sessions = 0;
  for await (const _key of backend.sessionKeys()) sessions += 1;
  return sessions;
}

interface UserRequest {
  user?: { id: string };
  session: Record<string, unknown>;
  logout(done: (error?: unknown) => void): void;
}

describe.each([
  ["5", express],
  ["4", express4],
] as const)("on Express %s", (_major, create) => {
  it("passport 0.7 logs in under a new id, and out without a trace", async () => {
    const backend = memoryBackend();
    const local = configured(new passport.Passport() as unknown as typeof passport);
    const app = create();
    app.use(session({ backend, secret, graceMs: 0 }));
    app.use(local.session());
    app.get("/cart", (req, res) => {
      (req as unknown as UserRequest).session.cart = "book";
      res.end();
    });
    app.get(
      "/login",
      local.authenticate("local", { keepSessionInfo: true }),
      (_req, res) => void res.redirect("/me"),
    );
    app.get("/logout", (req, res, next) =>
      (req as unknown as UserRequest).logout((error) => (error ? next(error) : res.end("out"))),
    );
    app.get("/me", (req, res) => {
      const { user, session: stored } = req as unknown as UserRequest;
      res.json({ user: user?.id ?? null, cart: stored.cart ?? null });
    });
    const browser = await serve(app);
    await browser.get("/cart");
    const planted = browser.fork();
    expect((await browser.get("/login?username=ada&password=x")).status).toBe(302);
    expect(JSON.parse((await browser.get("/me")).body)).toEqual({ user: "ada", cart: "book" });
    expect(JSON.parse((await planted.get("/me")).body)).toEqual({ user: null, cart: null });
    const thief = browser.fork();
    const out = await browser.get("/logout");
    expect(out.cookies.get("connect.sid")).toContain("Expires=Thu, 01 Jan 1970");
    expect(JSON.parse((await thief.get("/me")).body)).toEqual({ user: null, cart: null });
    expect(await count(backend)).toBe(0);
  });

  it("connect-flash hands a message over a redirect, once", async () => {
    const app = create();
    app.use(session({ backend: memoryBackend(), secret }));
    app.use(flash());
    type Flash = { flash(kind: string, message?: string): unknown };
    app.get("/save", (req, res) => {
      (req as unknown as Flash).flash("info", "saved");
      res.redirect("/");
    });
    app.get("/", (req, res) => void res.json((req as unknown as Flash).flash("info")));
    const browser = await serve(app);
    await browser.get("/save");
    expect([(await browser.get("/")).body, (await browser.get("/")).body]).toEqual(['["saved"]', "[]"]);
  });

  it("csrf-sync finds its token again, and refuses another's", async () => {
    const { generateToken, csrfSynchronisedProtection } = csrfSync();
    const app = create();
    app.use(session({ backend: memoryBackend(), secret }));
    app.get("/token", (req, res) => void res.send(generateToken(req)));
    app.post("/act", csrfSynchronisedProtection, (_req, res) => void res.send("done"));
    app.use(
      ((error, _req, res, _next) => void res.sendStatus(error.status ?? 500)) as express.ErrorRequestHandler,
    );
    const browser = await serve(app);
    const { body: token } = await browser.get("/token");
    const act = (value: string): Promise<{ status: number }> =>
      browser.get("/act", { method: "POST", headers: { "x-csrf-token": value } });
    expect([(await act(token)).status, (await act("0".repeat(token.length))).status]).toEqual([200, 403]);
  });
});

describe.each([
  ["3", Koa],
  ["2", Koa2 as unknown as typeof Koa],
] as const)("on Koa %s", (_major, Application) => {
  it("koa-passport logs in under a new key, and out", async () => {
    const backend = memoryBackend();
    const local = configured(new KoaPassport());
    const app = new Application();
    app.keys = [secret];
    app.use(koaSession({ backend, graceMs: 0 }, app));
    app.use(local.initialize() as never);
    app.use(local.session() as never);
    interface Context {
      path: string;
      body: unknown;
      session: Record<string, unknown>;
      state: { user?: { id: string } };
      logout(): Promise<void>;
      redirect(url: string): void;
    }
    app.use((async (ctx: Context, next: () => Promise<void>) => {
      if (ctx.path === "/cart") ctx.session.cart = "book";
      if (ctx.path === "/login") {
        await (
          local.authenticate("local", { successRedirect: "/me" }) as never as (...args: unknown[]) => unknown
        )(ctx, next);
        return;
      }
      if (ctx.path === "/logout") await ctx.logout();
      ctx.body = { user: ctx.state.user?.id ?? null };
    }) as never);
    const browser = await serve(app.callback());
    await browser.get("/cart");
    const planted = browser.fork();
    const login = await browser.get("/login?username=ada&password=x");
    expect([login.status, login.cookies.has("koa.sess")]).toEqual([302, true]);
    expect((await browser.get("/me")).body).toBe('{"user":"ada"}');
    expect((await planted.get("/me")).body).toBe('{"user":null}');
    await browser.get("/logout");
    expect((await browser.get("/me")).body).toBe('{"user":null}');
  });
});
