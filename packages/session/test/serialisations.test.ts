import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBackend, type Serializer } from "@unstick/session";
import { session } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import express from "express";
import Koa from "koa";
import { afterEach, describe, expect, it } from "vitest";
import { Browser } from "./session-app.ts";

type Data = Record<string, unknown>;
type Use = (held: Data, path: string) => void;

const uses: Readonly<Record<string, (held: Data) => void>> = {
  "/set": (held) => Object.assign(held, { cart: ["a cart"], user: { name: "a user" }, theme: "a theme" }),
  "/none": () => undefined,
  "/read": (held) => void held.cart,
  "/text": (held) => void held.theme,
  "/change": (held) => void (held.cart as string[]).push("more"),
  "/same": (held) => Object.assign(held, { user: { name: "a user" } }),
};
const use: Use = (held, path) => uses[path]?.(held);

/** What was parsed and serialised, by what is in it. */
function countingSerializer(): Serializer & { readonly parsed: string[]; readonly serialised: string[] } {
  const parsed: string[] = [];
  const serialised: string[] = [];
  return {
    parsed,
    serialised,
    stringify(value) {
      const text = JSON.stringify(value);
      serialised.push(text);
      return text;
    },
    parse(text) {
      parsed.push(String(text));
      return JSON.parse(String(text));
    },
  };
}

const stacks: Readonly<Record<string, (serializer: Serializer) => RequestListener>> = {
  Express: (serializer) => {
    const app = express();
    app.use(session({ backend: memoryBackend(), secret: "x", serializer }));
    app.use((req, res) => {
      use((req as unknown as { session: Data }).session, req.path);
      res.end();
    });
    return app as unknown as RequestListener;
  },
  Koa: (serializer) => {
    const app = new Koa();
    app.keys = ["x"];
    app.use(koaSession({ backend: memoryBackend(), serializer }, app));
    app.use((ctx) => {
      use((ctx as unknown as { session: Data }).session, ctx.path);
      ctx.body = "";
    });
    return app.callback() as RequestListener;
  },
};

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

describe.each(Object.entries(stacks))("on %s", (_name, listener) => {
  it.each([
    ["/none", [], []],
    ["/read", ['["a cart"]'], ['["a cart"]']],
    ["/text", ['"a theme"'], []],
    ["/change", ['["a cart"]'], ['["a cart","more"]']],
    ["/same", [], ['{"name":"a user"}']],
  ])("only what is used is parsed, and serialised once: %s", async (path, parsed, serialised) => {
    const serializer = countingSerializer();
    const server = createServer(listener(serializer)).listen(0, "127.0.0.1");
    closers.push(() => server.close());
    await once(server, "listening");
    const browser = new Browser((server.address() as AddressInfo).port);
    await browser.get("/set");
    for (const list of [serializer.parsed, serializer.serialised]) list.length = 0;
    await browser.get(path);
    expect({ parsed: serializer.parsed, serialised: serializer.serialised }).toEqual({ parsed, serialised });
  });
});
