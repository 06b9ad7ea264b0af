import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import express from "express";
import Koa from "koa";

/** One framework with or without the middleware, in a process of its own, so that its CPU time can be told. */
const [framework, isBound] = [process.argv[2], process.argv[3] === "bound"];
const options = { name: "APP", secret: "a secret of thirty-two bytes, no?" };

function expressListener(): http.RequestListener {
  const app = express();
  if (isBound) app.use(affinityOfExpress(options));
  app.get("/", (_request, response) => {
    response.send("hello");
  });
  return app;
}

function koaListener(): http.RequestListener {
  const app = new Koa();
  if (isBound) app.use(affinityOfKoa(options));
  app.use((ctx) => {
    ctx.body = "hello";
  });
  return app.callback();
}

const server = http.createServer(framework === "express" ? expressListener() : koaListener());
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit());
process.send?.((server.address() as AddressInfo).port);
