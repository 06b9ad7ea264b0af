import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, memoryBackend } from "@unstick/session";
import type { Env } from "./env.ts";
import { type Handler, type MiddlewareApp, openMiddleware, play } from "./middleware-app.ts";
import { number, type Row } from "./row.ts";

const handlers: Readonly<Record<string, Handler>> = {
  "/begin": (visitor, res) => {
    visitor.user = "ada";
    res.writeHead(302, { Location: "/me" }).end();
  },
  "/me": (visitor, res) => res.end(String(visitor.user ?? "nobody")),
  "/write": async (visitor, res, req) => {
    await pause(Number(req.url?.split("=")[1] ?? 0));
    visitor.seen = Date.now();
    res.end();
  },
  "/login": async (visitor, res, req) => {
    const user = String(req.url?.split("=")[1]);
    await visitor.login(user);
    visitor.user = user;
    res.end();
  },
  "/logout": async (visitor, res) => {
    await visitor.logout();
    res.end();
  },
};

/** What only a middleware can promise: that answers and sessions agree. */
export async function prove(count: number, env: Env): Promise<readonly Row[]> {
  return [
    await proveRedirects(Math.min(count, 10_000), env),
    await proveSuccesses(Math.min(count, 10_000), env),
    await proveLogouts(count, env),
    await proveLogins(count, env),
    await proveChanges(count * 100),
  ];
}

function row(measure: string, mustBe: string, faults: number, tries: number): Row {
  return { measure, mustBe, ours: `${number(faults)} of ${number(tries)}`, held: faults === 0 && tries > 0 };
}

/** A store that answers 300 ms late: the followed redirect must find the session. */
async function proveRedirects(count: number, env: Env): Promise<Row> {
  const slow = (backend: Backend): Backend => ({
    ...bound(backend),
    create: (...args) => pause(300).then(() => backend.create(...args)),
  });
  const app = await openMiddleware(env, "redirects:", handlers, { wrap: slow });
  const faults = await play(count, 256, async () => {
    const { cookie } = await app.ask("/begin");
    return (await app.ask("/me", cookie)).body !== "ada";
  });
  await app.close();
  return row("redirect, store slowed by 300 ms: the session is not there", "0", faults, count);
}

/** A store that refuses, and one that never answers: no success, no cookie. */
async function proveSuccesses(count: number, env: Env): Promise<Row> {
  const refuse = (backend: Backend): Backend => ({
    ...bound(backend),
    create: () => Promise.reject(new Error("OOM")),
  });
  const hang = (backend: Backend): Backend => ({
    ...bound(backend),
    create: () => new Promise(() => undefined),
  });
  let faults = 0;
  for (const [name, wrap] of [
    ["full:", refuse],
    ["hung:", hang],
  ] as const) {
    const app = await openMiddleware(env, name, handlers, { wrap, deadlineMs: 200 });
    faults += await play(count, 256, async () => isFalseSuccess(app));
    await app.close();
  }
  // Nobody listens on port 1.
  const dead = await openMiddleware(env, "dead:", handlers, { url: "redis://127.0.0.1:1", deadlineMs: 200 });
  faults += await play(count, 256, async () => isFalseSuccess(dead));
  await dead.close();
  return row("store full, hung, dead: a success or a cookie", "0", faults, count * 3);
}

async function isFalseSuccess(app: MiddlewareApp): Promise<boolean> {
  const { status, cookie } = await app.ask("/begin");
  return status !== 503 || cookie !== undefined;
}

/** Writes are under way when the session ends: it stays ended, and no later answer carries its cookie. */
async function proveLogouts(count: number, env: Env): Promise<Row> {
  const app = await openMiddleware(env, "logouts:", handlers, { rolling: true, cookie: { maxAge: 600_000 } });
  const faults = await play(count, 64, async () => {
    const { cookie } = await app.ask("/begin");
    const underWay = app.ask(`/write?ms=${randomInt(12)}`, cookie);
    await pause(randomInt(6));
    await app.ask("/logout", cookie);
    const later = [await app.ask("/write?ms=0", cookie), await app.ask("/me", cookie)] as const;
    await underWay;
    const last = await app.ask("/me", cookie);
    return [...later, last].some((seen) => seen.cookie === cookie || seen.body === "ada");
  });
  await app.close();
  return row(
    "answers committed after a logout that carry its session's cookie, or its user",
    "0",
    faults,
    count,
  );
}

/** Two logins of one planted session: one live id, and the planted id never shows the user. */
async function proveLogins(count: number, env: Env): Promise<Row> {
  const app = await openMiddleware(env, "logins:", handlers);
  const faults = await play(count, 64, async () => {
    const { cookie: planted } = await app.ask("/write?ms=0");
    const both = await Promise.all([
      app.ask("/login?user=ada", planted),
      app.ask("/login?user=eve", planted),
    ]);
    const given = both.flatMap(({ cookie }) => (cookie === undefined ? [] : [cookie]));
    const shown = await app.ask("/me", planted);
    const live = await Promise.all(given.map((cookie) => app.ask("/me", cookie)));
    return shown.body !== "nobody" || live.filter(({ body }) => body !== "nobody").length !== 1;
  });
  await app.close();
  return row(
    "two logins at once: not exactly one live id, or the planted id shows the user",
    "0",
    faults,
    count,
  );
}

/** Two random values one after the other: the second must be stored whenever it differs. */
async function proveChanges(count: number): Promise<Row> {
  const { createEngine } = await import("@unstick/session");
  const engine = createEngine({ backend: memoryBackend(), metrics: false });
  const session = engine.create();
  session.set("value", "");
  await session.save();
  let faults = 0;
  let before = "";
  for (let at = 0; at < count; at++) {
    const value = randomInt(0x1000000).toString(36);
    session.set("value", value);
    const outcome = await session.save();
    if ((outcome === "updated") !== (value !== before)) faults += 1;
    before = value;
  }
  return row("random pairs of values: a write missed, or one too many", "0", faults, count);
}

function bound(backend: Backend): Backend {
  const { name } = backend;
  const verbs = ["read", "create", "update", "touch", "destroy", "rename"] as const;
  return {
    name,
    ...Object.fromEntries(
      verbs.map((verb) => [verb, (backend[verb] as (...args: unknown[]) => unknown).bind(backend)]),
    ),
  } as unknown as Backend;
}
