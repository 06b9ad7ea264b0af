import { redisBackend } from "@unstick/redis";
import { memoryBackend } from "@unstick/session";
import { session as sessionOfExpress } from "@unstick/session/express";
import { session as sessionOfKoa } from "@unstick/session/koa";
import { RedisStore } from "connect-redis";
import express from "express";
import expressSession from "express-session";
import { Redis } from "ioredis";
import Koa from "koa";
import koaRedis from "koa-redis";
import koaSession from "koa-session";
import { createClient } from "redis";
import { serve } from "../serve.mjs";

/**
 * One framework with one session middleware, or none, in a process of its own, so that its CPU time can be told.
 * JavaScript, run by Node alone: a loader that gives each closure its name makes closures dear, and would be
 * measured along.
 */
const [framework, kind, where, knownMicroseconds] = process.argv.slice(2);
const isRedis = where !== "memory";

/** What an application keeps in a session: some 350 bytes. */
function fill(session) {
  session.user = { id: 4711, name: "Ada Lovelace", roles: ["reader", "writer", "admin"] };
  session.cart = [1, 2, 3, 4].map((at) => ({ sku: `item-${at}-of-the-catalogue`, count: at }));
  session.csrf = "0123456789abcdef0123456789abcdef";
  session.views = 0;
}

/** A read looks at the user; a write counts a view. */
function use(path, session) {
  if (session === undefined) return "no session";
  if (path === "/fill") fill(session);
  else if (path === "/write") session.views = (session.views ?? 0) + 1;
  return session.user?.name ?? "nobody";
}

/** For the bench to show that it measures what is spent. */
function spend(next) {
  const end = performance.now() + knownMicroseconds / 1000;
  while (performance.now() < end);
  return next();
}

const nodeRedis = () => connected(createClient({ url: where }));

async function connected(client) {
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function expressListener() {
  const app = express();
  const cookie = { maxAge: 3_600_000 };
  const common = {
    secret: "a secret of thirty-two bytes, no?",
    resave: false,
    saveUninitialized: false,
    cookie,
  };
  if (kind === "ours") {
    const backend = isRedis ? redisBackend(await nodeRedis()) : memoryBackend();
    app.use(sessionOfExpress({ ...common, backend }));
  }
  if (kind === "peer") {
    const store = isRedis ? { store: new RedisStore({ client: await nodeRedis() }) } : {};
    app.use(expressSession({ ...common, ...store }));
  }
  if (kind === "known") app.use((_request, _response, next) => spend(next));
  app.get(["/", "/fill", "/read", "/write"], (request, response) => {
    response.send(use(request.path, request.session));
  });
  return app;
}

/** koa-session has no store in memory: the smallest that keeps its contract. */
function mapStore() {
  const sessions = new Map();
  return {
    get: async (key) => JSON.parse(sessions.get(key) ?? "null"),
    set: async (key, data) => void sessions.set(key, JSON.stringify(data)),
    destroy: async (key) => void sessions.delete(key),
  };
}

function koaListener() {
  const app = new Koa();
  app.keys = ["a secret of thirty-two bytes, no?"];
  const common = { maxAge: 3_600_000 };
  if (kind === "ours") {
    const backend = isRedis ? redisBackend(new Redis(where)) : memoryBackend();
    app.use(sessionOfKoa({ ...common, backend }, app));
  }
  if (kind === "peer") {
    const store = isRedis ? koaRedis({ url: where }) : mapStore();
    app.use(koaSession({ ...common, store }, app));
  }
  if (kind === "known") app.use((_ctx, next) => spend(next));
  app.use((ctx) => {
    ctx.body = use(ctx.path, ctx.session);
  });
  return app.callback();
}

await serve(framework === "express" ? await expressListener() : koaListener());
