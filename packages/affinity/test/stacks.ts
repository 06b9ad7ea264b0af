import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import http2 from "node:http2";
import type { AddressInfo, Server } from "node:net";
import type {
  AffinityControls,
  AffinityHolder,
  AffinityOptions,
  NodeRequest,
  NodeResponse,
  RequestAffinity,
} from "@unstick/affinity";
import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import connect from "connect";
import express from "express";
import express4 from "express4";
import Koa from "koa";
import Koa2 from "koa2";
import { http1Client, http2Client, type Send } from "./client.ts";

/** What a test's handler sees, the same on every stack. */
interface Exchange {
  readonly path: string;
  readonly affinity: RequestAffinity;
  readonly request: NodeRequest;
  readonly response: NodeResponse;
  /** Answers in the framework's own way. */
  send(body: string): void;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

interface RunningApp extends AsyncDisposable {
  readonly send: Send;
  readonly controls: readonly AffinityControls[];
}

/** One framework, server and client. */
export interface Stack {
  readonly name: string;
  start(options: AffinityOptions | readonly AffinityOptions[], handler: Handler): Promise<RunningApp>;
}

type Middlewares = ReturnType<typeof affinityOfExpress>[];

function expressApp(create: typeof express): (middlewares: Middlewares, handler: Handler) => RequestListener {
  return (middlewares, handler) => {
    const app = create();
    for (const middleware of middlewares) app.use(middleware);
    app.use(async (request, response, next) => {
      const { affinity, path } = request;
      try {
        await handler({ path, affinity, request, response, send: (body) => void response.send(body) });
      } catch (error) {
        next(error);
      }
    });
    // Four parameters make it Express's error handler; the default one prints the error.
    app.use((_error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
      response.status(500).send("failed");
    });
    return app;
  };
}

function connectApp(middlewares: Middlewares, handler: Handler): RequestListener {
  const app = connect();
  for (const middleware of middlewares) app.use(middleware);
  app.use((request, response) => answerPlainly(request, response, handler));
  return app;
}

function plainApp(middlewares: Middlewares, handler: Handler): RequestListener {
  return (request, response) => {
    const run = (at: number): void => {
      const middleware = middlewares[at];
      if (middleware === undefined) answerPlainly(request, response, handler);
      else middleware(request, response, () => run(at + 1));
    };
    run(0);
  };
}

function answerPlainly(
  request: NodeRequest & AffinityHolder,
  response: NodeResponse,
  handler: Handler,
): void {
  const exchange = {
    path: request.url ?? "/",
    affinity: request.affinity!,
    request,
    response,
    send: (body: string): void => void (response as http.ServerResponse).end(body),
  };
  Promise.resolve()
    .then(() => handler(exchange))
    .catch(() => {
      response.statusCode = 500;
      exchange.send("failed");
    });
}

async function listen(
  server: Server,
  client: (origin: string) => Send,
  controls: readonly AffinityControls[],
): Promise<RunningApp> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    send: client(`http://127.0.0.1:${port}`),
    controls,
    async [Symbol.asyncDispose]() {
      server.close();
      if (server instanceof http.Server) server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function connectStyle(
  name: string,
  build: (middlewares: Middlewares, handler: Handler) => RequestListener,
): Stack {
  return {
    name,
    start(options, handler) {
      const middlewares = [options].flat().map((each) => affinityOfExpress(each as AffinityOptions));
      return listen(http.createServer(build(middlewares, handler)), http1Client, middlewares);
    },
  };
}

function koaStyle(name: string, create: typeof Koa, isHttp2 = false): Stack {
  return {
    name,
    start(options, handler) {
      const app = new create();
      const middlewares = [options].flat().map((each) => affinityOfKoa(each as AffinityOptions));
      for (const middleware of middlewares) app.use(middleware);
      app.on("error", () => {});
      app.use(async (ctx) => {
        const send = (body: string): void => {
          ctx.body = body;
        };
        await handler({ path: ctx.path, affinity: ctx.affinity, request: ctx.req, response: ctx.res, send });
        if (ctx.res.headersSent) ctx.respond = false;
      });
      if (!isHttp2) return listen(http.createServer(app.callback()), http1Client, middlewares);
      // Koa's types know HTTP/2; its callback() is typed for HTTP/1.
      const listener = app.callback() as unknown as (request: http2.Http2ServerRequest) => void;
      return listen(http2.createServer(listener), http2Client, middlewares);
    },
  };
}

const plainHttp2: Stack = {
  name: "plain HTTP/2 compatibility API",
  start(options, handler) {
    const middlewares = [options].flat().map((each) => affinityOfExpress(each as AffinityOptions));
    const listener = plainApp(middlewares, handler) as unknown as (request: http2.Http2ServerRequest) => void;
    return listen(http2.createServer(listener), http2Client, middlewares);
  },
};

export const stacks: readonly Stack[] = [
  connectStyle("Express 4", expressApp(express4)),
  connectStyle("Express 5", expressApp(express)),
  connectStyle("connect", connectApp),
  connectStyle("plain node:http", plainApp),
  plainHttp2,
  koaStyle("Koa 2", Koa2),
  koaStyle("Koa 3", Koa),
  koaStyle("Koa 3 over HTTP/2", Koa, true),
];
