import type { RequestListener } from "node:http";
import { createEngine, memoryBackend } from "@unstick/session";
import { SessionStore, session } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import express from "express";
import expressSession from "express-session";
import Koa from "koa";
import { afterEach, expect, test } from "vitest";
import { faultyBackend } from "./faulty-backend.ts";
import { type Browser, serve } from "./session-app.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function browse(listener: RequestListener): Promise<Browser> {
  const { browser, close } = await serve(listener);
  closers.push(close);
  return browser();
}

interface Held {
  cart?: unknown;
  user?: string;
  login(user: string, options?: object): Promise<void>;
  logout(): Promise<void>;
}

async function visit(path: string, held: Held, goOn: () => void): Promise<string> {
  if (path === "/fill") held.cart = [1];
  if (path === "/out") await held.logout();
  if (path === "/login") {
    held.user = "ada";
    await held.login("ada", { keep: ["user"] }).catch(() => undefined);
    goOn();
  }
  return path === "/out" ? "out" : JSON.stringify([held.user ?? null, held.cart ?? null]);
}

/** Somebody's store, whose next write may fail. */
class KoaMap {
  readonly kept = new Map<string, string>();
  isFailing = false;
  get = async (key: string): Promise<unknown> => JSON.parse(this.kept.get(key) ?? "null");
  set = async (key: string, data: unknown): Promise<void> => {
    if (this.isFailing) throw new Error("full");
    this.kept.set(key, JSON.stringify(data));
  };
  destroy = async (key: string): Promise<void> => void this.kept.delete(key);
}

test("a store of somebody's on Koa: after a login that failed the session is what it was, and can be ended", async () => {
  const store = new KoaMap();
  const app = new Koa();
  app.keys = ["a secret of thirty-two bytes, no?"];
  app.use(koaSession({ store }, app));
  app.use(async (ctx) => {
    const { session: held } = ctx as unknown as { session: Held };
    store.isFailing = ctx.path === "/login";
    ctx.body = await visit(ctx.path, held, () => {
      store.isFailing = false;
    });
  });
  const browser = await browse(app.callback());
  await browser.get("/fill");
  const planted = browser.fork();
  expect((await browser.get("/login")).body).toBe("[null,[1]]");
  expect((await planted.get("/show")).body).toBe("[null,[1]]");
  await browser.get("/out");
  expect((await planted.get("/show")).body).toBe("[null,null]");
});

test("a store of somebody's on Express: the same", async () => {
  const store = new expressSession.MemoryStore();
  const { set } = store;
  let isFailing = false;
  store.set = (...args) => (isFailing ? args[2]?.(new Error("full")) : set.apply(store, args));
  const app = express();
  app.use(session({ secret: "keyboard cat", store: store as never }));
  app.use(async (req, res) => {
    isFailing = req.path === "/login";
    const { session: held } = req as unknown as { session: Held };
    const body = await visit(req.path, held, () => {
      isFailing = false;
    });
    res.end(body);
  });
  const browser = await browse(app as never);
  await browser.get("/fill");
  const planted = browser.fork();
  expect((await browser.get("/login")).body).toBe("[null,[1]]");
  expect((await planted.get("/show")).body).toBe("[null,[1]]");
});

test("a store of ours under express-session: a touch after a save that failed makes the session nobody's", async () => {
  const backend = faultyBackend(memoryBackend());
  const store = new SessionStore(backend, { principal: ({ user }) => user as string | undefined });
  const cookie = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) };
  await store.set("planted", { cookie, cart: [1] } as never);
  const data = (await store.get("planted")) as Record<string, unknown>;
  data.user = "ada";
  backend.failing.add("update");
  await expect(store.set("planted", data as never)).rejects.toThrow("update failed");
  backend.failing.clear();
  await store.touch("planted", data as never);
  expect(await createEngine({ backend }).principals.list("ada")).toEqual([]);
  await store.set("planted", data as never);
  expect(await createEngine({ backend }).principals.list("ada")).toHaveLength(1);
});
