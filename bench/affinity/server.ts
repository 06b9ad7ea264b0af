import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import express from "express";
import Koa from "koa";
import { type Subject, subjects } from "./subjects.ts";

/**
 * One framework three times over in one process, so that neither the layout of a heap nor a core's clock tells one
 * from the other: bare, with a middleware that does nothing, and with ours.
 */
const framework = process.argv[2];
const options = { name: "APP", secret: "a secret of thirty-two bytes, no?" };

function expressListener(subject: Subject): RequestListener {
  const app = express();
  if (subject === "empty") app.use((_request, _response, next) => next());
  if (subject === "affinity") app.use(affinityOfExpress(options));
  app.get("/", (_request, response) => {
    response.send("hello");
  });
  return app;
}

function koaListener(subject: Subject): RequestListener {
  const app = new Koa();
  if (subject === "empty") app.use((_ctx, next) => next());
  if (subject === "affinity") app.use(affinityOfKoa(options));
  app.use((ctx) => {
    ctx.body = "hello";
  });
  return app.callback();
}

const ports: number[] = [];
for (const subject of subjects) {
  const listener = framework === "express" ? expressListener(subject) : koaListener(subject);
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ports.push((server.address() as AddressInfo).port);
}
process.on("message", () => process.send?.(process.cpuUsage()));
process.on("disconnect", () => process.exit());
process.send?.(ports);
