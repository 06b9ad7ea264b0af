import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import express from "express";
import express4 from "express4";
import Koa from "koa";
import { describe, expect, it } from "vitest";

const options = { name: "SHOP", secret: "a secret of thirty-two bytes, no?" };
const requests = 500;
const headerBytes = 12_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { type: "minor" | "major" }) => void;

function expressApp(create: typeof express, isBare: boolean): RequestListener {
  const app = create();
  if (!isBare) app.use(affinityOfExpress(options));
  app.get("/", (_request, response) => void response.send("hello"));
  return app;
}

function koaApp(isBare: boolean): RequestListener {
  const app = new Koa();
  if (!isBare) app.use(affinityOfKoa(options));
  app.use((ctx) => {
    ctx.body = "hello";
  });
  return app.callback();
}

function plainApp(isBare: boolean): RequestListener {
  const bind = affinityOfExpress(options);
  return (request, response) => {
    if (isBare) response.end("hello");
    else bind(request, response, () => response.end("hello"));
  };
}

/** How much of their large headers is still there when requests are done: 1 is all of it. */
async function shareKept(listener: RequestListener): Promise<number> {
  const server = http.createServer({ maxHeaderSize: 2 * headerBytes }, listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let cookie = "a=b";
  const ask = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const padding = String(at).padEnd(headerBytes, "x");
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\nX-Padding: ${padding}\r\n\r\n`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      cookie = /SHOP=[^;]+/.exec(answer.toString())?.[0] ?? cookie;
    }
    for (let at = 0; at < 3; at++) collect({ type: "minor" });
  };
  await ask(50);
  // So that nothing from before is freed meanwhile, which would look as if less were kept.
  collect({ type: "major" });
  const before = process.memoryUsage().heapUsed;
  await ask(requests);
  const share = (process.memoryUsage().heapUsed - before) / (requests * headerBytes);
  socket.destroy();
  server.close();
  return share;
}

/** The middle one of three: Node may begin a full collection of its own meanwhile, which frees what was there before. */
async function usually(measure: () => Promise<number>): Promise<number> {
  const measured = [await measure(), await measure(), await measure()];
  return measured.sort((a, b) => a - b)[1] as number;
}

/**
 * What hangs on a request until a full collection costs more than all that a middleware computes. A closure on a
 * response of Express did, and so does a WeakMap whose values lead back to their keys.
 */
describe.each<[string, (isBare: boolean) => RequestListener]>([
  ["Express 4", (isBare) => expressApp(express4 as unknown as typeof express, isBare)],
  ["Express 5", (isBare) => expressApp(express, isBare)],
  ["Koa", koaApp],
  ["plain node:http", plainApp],
])("on %s", (_name, build) => {
  it("a minor collection frees a request as it does without the middleware", async () => {
    const bare = await usually(() => shareKept(build(true)));
    expect((await usually(() => shareKept(build(false)))) - bare).toBeLessThan(0.5);
  });
});
