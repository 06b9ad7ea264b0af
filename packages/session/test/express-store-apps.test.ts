import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fastifyCookie from "@fastify/cookie";
import fastifySession from "@fastify/session";
import { memoryBackend, sessionKey } from "@unstick/session";
import { MemoryStore, SessionStore, type StoreOptions } from "@unstick/session/express";
import { type BrowserClient, createBrowserClient } from "@unstick/testbed";
import express5, { type Express } from "express";
import session from "express-session";
import express4 from "express4";
import Fastify from "fastify";
import passport from "passport";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventLog } from "./engine/event-log.ts";

declare module "express-session" {
  interface SessionData {
    user: string;
    cart?: string[];
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function browser(): BrowserClient {
  const client = createBrowserClient();
  onTestFinished(() => client.close());
  return client;
}

function appWith(express: () => Express, store: MemoryStore): Express {
  const app = express();
  app.use(session({ store, secret: "test", resave: false, saveUninitialized: false }));
  return app;
}

const expresses = [
  ["Express 5", express5 as unknown as () => Express],
  ["Express 4", express4 as unknown as () => Express],
] as const;

class TestStrategy implements passport.Strategy {
  readonly name = "test";
  declare success: (user: object) => void;
  authenticate(this: this & passport.StrategyCreated<this>): void {
    this.success({ name: "ada" });
  }
}

function passportApp(express: () => Express, store: MemoryStore): Express {
  const app = appWith(express, store);
  const auth = new passport.Passport();
  auth.use(new TestStrategy());
  auth.serializeUser((user, done) => done(null, (user as { name: string }).name));
  auth.deserializeUser((name: string, done) => done(null, { name }));
  app.use(auth.initialize(), auth.session());
  app.get("/cart", (req, res) => {
    req.session.cart = ["book"];
    res.send("ok");
  });
  app.get("/login", auth.authenticate("test", { keepSessionInfo: true }), (_req, res) => void res.send("in"));
  app.get("/logout", (req, res, next) => {
    req.logout({ keepSessionInfo: true }, (error) => (error ? next(error) : res.send("out")));
  });
  app.get("/me", (req, res) => {
    res.json({ user: req.user ?? null, cart: req.session.cart ?? null });
  });
  return app;
}

describe.each(expresses)("under express-session on %s", (_name, express) => {
  test("passport logs in with a new id and the cart, and out again", async () => {
    const store = new MemoryStore();
    const url = await listening(createServer(passportApp(express, store)));
    const client = browser();
    await client.get(`${url}/cart`);
    const [before] = await client.cookies(url);
    expect((await client.get(`${url}/login`)).body).toBe("in");
    const [after] = await client.cookies(url);
    expect(after!.value).not.toBe(before!.value);
    expect(JSON.parse((await client.get(`${url}/me`)).body)).toEqual({
      user: { name: "ada" },
      cart: ["book"],
    });
    expect(await store.length()).toBe(1);
    expect((await client.get(`${url}/logout`)).body).toBe("out");
    expect(JSON.parse((await client.get(`${url}/me`)).body)).toEqual({ user: null, cart: ["book"] });
  });

  test("a logout ends the session although a slow request writes it afterwards", async () => {
    const store = new MemoryStore();
    const app = appWith(express, store);
    let release: (() => void) | undefined;
    app.get("/login", (req, res) => {
      req.session.user = "ada";
      res.send("in");
    });
    app.get("/slow", (req, res) => {
      release = () => {
        req.session.cart = ["late"];
        res.send("written");
      };
    });
    app.get("/logout", (req, res, next) => {
      req.session.destroy((error) => (error ? next(error) : res.send("out")));
    });
    app.get("/me", (req, res) => void res.send(req.session.user ?? "nobody"));
    const url = await listening(createServer(app));
    const client = browser();
    await client.get(`${url}/login`);
    const slow = client.get(`${url}/slow`);
    await expect.poll(() => release).toBeDefined();
    await client.get(`${url}/logout`);
    release!();
    expect((await slow).body).toBe("written");
    expect((await client.get(`${url}/me`)).body).toBe("nobody");
  });

  test("a damaged record is a new session and no error", async () => {
    const store = new MemoryStore({ serializer: { stringify: JSON.stringify, parse: parseNothing } });
    const damaged = eventLog(["damaged"]);
    const app = appWith(express, store);
    app.get("/", (req, res) => {
      const user = req.session.user ?? "nobody";
      req.session.user = "ada";
      res.send(user);
    });
    const url = await listening(createServer(app));
    const client = browser();
    for (let visit = 0; visit < 3; visit++) expect((await client.get(url)).body).toBe("nobody");
    expect(damaged).toHaveLength(2);
  });

  test("a record that lost its cookie is a session all the same", async () => {
    const backend = memoryBackend();
    const store = new SessionStore(backend);
    const app = appWith(express, store);
    app.get("/", async (req, res) => {
      await store.set(req.session.id, { cookie: {}, user: "ada" });
      await backend.update(sessionKey(req.session.id), { remove: ["cookie"] }, { idleMs: 60_000 });
      req.session.reload((error) => res.send(error ? String(error) : req.session.user));
    });
    const url = await listening(createServer(app));
    expect((await browser().get(url)).body).toBe("ada");
  });

  test("data that the application stored without a cookie comes back so, and is an error 500 as with any store", async () => {
    const store = new MemoryStore();
    const app = appWith(express, store);
    app.get("/", async (req, res) => {
      req.session.user = "ada";
      res.send(req.session.id);
    });
    const visitor = browser();
    const url = await listening(createServer(app));
    const { body: id } = await visitor.get(url);
    await store.set(id, { user: "eve" });
    expect(await store.get(id)).toEqual({ user: "eve" });
    expect(await store.all()).toEqual([{ id: expect.stringMatching(/^handle:/), user: "eve" }]);
    expect((await visitor.get(url)).status).toBe(500);
    await store.set(id, { cookie: { originalMaxAge: null }, user: "ada" });
    expect((await visitor.get(url)).body).toBe(id);
  });

  test("a store that is down is status 503 by the error's own word", async () => {
    const store = new MemoryStore();
    store.get = (async (_id: string, callback?: (error: unknown) => void) => {
      callback?.(Object.assign(new Error("down"), { status: 503 }));
    }) as never;
    const app = appWith(express, store);
    const url = await listening(createServer(app));
    const page = await browser().get(url, { headers: { cookie: await signedCookie(express) } });
    expect(page.status).toBe(503);
  });
});

function parseNothing(): never {
  throw new SyntaxError("cut short");
}

/** A cookie that the middleware accepts, made by an application with the same secret. */
async function signedCookie(express: () => Express): Promise<string> {
  const app = appWith(express, new MemoryStore());
  app.get("/", (req, res) => {
    req.session.user = "ada";
    res.send("ok");
  });
  const page = await browser().get(await listening(createServer(app)));
  return page.setCookie[0]!.split(";")[0]!;
}

test("a user's sessions are listed and ended from anywhere", async () => {
  const options: StoreOptions = { principal: (data: { user?: string }) => data.user };
  const store = new MemoryStore(options);
  const app = appWith(express5 as unknown as () => Express, store);
  app.get("/login", (req, res) => {
    req.session.user = "ada";
    res.send("in");
  });
  app.get("/me", (req, res) => void res.send(req.session.user ?? "nobody"));
  const url = await listening(createServer(app));
  const [laptop, phone] = [browser(), browser()];
  await laptop.get(`${url}/login`, { headers: { "user-agent": "laptop" } });
  await phone.get(`${url}/login`, { headers: { "user-agent": "phone" } });
  const list = await store.principals.list("ada");
  expect(list).toMatchObject([{ userAgent: "laptop", address: "127.0.0.1" }, { userAgent: "phone" }]);
  await store.principals.end("ada", list[0]!.handle);
  expect((await laptop.get(`${url}/me`)).body).toBe("nobody");
  expect((await phone.get(`${url}/me`)).body).toBe("ada");
});

test("@fastify/session keeps its sessions in it", async () => {
  const app = Fastify();
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: "a secret of at least thirty-two bytes",
    store: new MemoryStore() as never,
    cookie: { secure: false, maxAge: 60_000 },
    saveUninitialized: false,
  });
  app.get("/", async (request) => {
    const visits = ((request.session.get as (name: string) => unknown)("visits") as number | undefined) ?? 0;
    (request.session.set as (name: string, value: unknown) => void)("visits", visits + 1);
    return String(visits + 1);
  });
  app.get("/logout", async (request) => {
    await request.session.destroy();
    return "out";
  });
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  const client = browser();
  expect([(await client.get(url)).body, (await client.get(url)).body]).toEqual(["1", "2"]);
  await client.get(`${url}/logout`);
  expect((await client.get(url)).body).toBe("1");
});
