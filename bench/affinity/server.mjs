import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import express from "express";
import Koa from "koa";
import { serve } from "../serve.mjs";

/**
 * One framework: bare, with a middleware that does nothing, with one that only looks at the Cookie header (which
 * Node does not parse before somebody asks), or with ours. In a process of its own, where the engine compiles for one
 * subject alone. JavaScript, run by Node alone: a loader that gives each closure its name makes
 * closures dear, and would be measured along.
 */
const [framework, subject] = process.argv.slice(2);
const options = { name: "APP", secret: "a secret of thirty-two bytes, no?" };

function look(cookies) {
  if (cookies === "none of the bench's") throw new Error("a stranger asks");
}

function expressListener() {
  const app = express();
  if (subject === "empty") app.use((_request, _response, next) => next());
  if (subject === "reader") {
    app.use((request, _response, next) => {
      look(request.headers.cookie);
      next();
    });
  }
  if (subject === "affinity") app.use(affinityOfExpress(options));
  app.get("/", (_request, response) => {
    response.send("hello");
  });
  return app;
}

function koaListener() {
  const app = new Koa();
  if (subject === "empty") app.use((_ctx, next) => next());
  if (subject === "reader") {
    app.use((ctx, next) => {
      look(ctx.req.headers.cookie);
      return next();
    });
  }
  if (subject === "affinity") app.use(affinityOfKoa(options));
  app.use((ctx) => {
    ctx.body = "hello";
  });
  return app.callback();
}

await serve(framework === "express" ? expressListener() : koaListener());
