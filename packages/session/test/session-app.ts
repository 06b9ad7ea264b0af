import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { type Backend, memoryBackend } from "@unstick/session";
import { type Session, type SessionOptions, session } from "@unstick/session/express";
import express from "express";
import express4 from "express4";
import { countedBackend } from "./engine/counted-backend.ts";
import { type Faults, faultyBackend, type How } from "./faulty-backend.ts";

type Data = Record<string, unknown>;
type Req = IncomingMessage & { session: Session & Data; sessionID: string; path?: string };
type Route = (req: Req, res: ServerResponse, next: (error?: unknown) => void) => unknown;
export type Routes = Readonly<Record<string, Route>>;

/** How a handler is served. */
export type Host = "Express 5" | "Express 4" | "node:http";
export const hosts: readonly Host[] = ["Express 5", "Express 4", "node:http"];

/** A backend in memory that notes its calls and fails where told to. */
export function testBackend(how?: How): TestBackend {
  return faultyBackend(countedBackend(memoryBackend()), how);
}
export type TestBackend = ReturnType<typeof memoryBackend> & Faults & { readonly calls: string[] };

export interface App {
  readonly port: number;
  readonly errors: unknown[];
  browser(): Browser;
  close(): Promise<void>;
}

export async function startApp(
  options: Partial<SessionOptions> & { readonly backend?: Backend },
  routes: Routes,
  host: Host = "Express 5",
): Promise<App> {
  const errors: unknown[] = [];
  const given = options.store === undefined ? { backend: memoryBackend() } : {};
  const middleware = session({ secret: "keyboard cat", ...given, ...options });
  const listener = listeners[host](middleware as unknown as Route, routes, errors);
  return { ...(await serve(listener)), errors };
}

/** Any application, on a port of its own. */
export async function serve(listener: RequestListener): Promise<Omit<App, "errors">> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    browser: () => new Browser(port),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void;

const listeners: Record<Host, (middleware: Route, routes: Routes, errors: unknown[]) => Listener> = {
  "Express 5": (middleware, routes, errors) => expressListener(express, middleware, routes, errors),
  "Express 4": (middleware, routes, errors) => expressListener(express4, middleware, routes, errors),
  "node:http": (middleware, routes, errors) => (req, res) => {
    const answerError = (error: unknown): void => {
      errors.push(error);
      res.statusCode = (error as { status?: number }).status ?? 500;
      res.end((error as Error).message);
    };
    middleware(req as Req, res, (error) => {
      if (error) return answerError(error);
      try {
        const done = routeOf(routes, req)(req as Req, res, answerError);
        if (done instanceof Promise) done.catch(answerError);
      } catch (thrown) {
        answerError(thrown);
      }
    });
  },
};

function expressListener(
  create: typeof express,
  middleware: Route,
  routes: Routes,
  errors: unknown[],
): Listener {
  const app = create();
  app.set("env", "test");
  app.use(middleware as never);
  app.use((req, res, next) => {
    // Express 4 knows no promises.
    const done = routeOf(routes, req)(req as never, res, next);
    if (done instanceof Promise) done.catch(next);
  });
  app.use(((error, _req, res, next) => {
    errors.push(error);
    if (res.headersSent) return next(error);
    res.status((error as { status?: number }).status ?? 500).send((error as Error).message);
  }) as express.ErrorRequestHandler);
  return app as unknown as Listener;
}

function routeOf(routes: Routes, req: IncomingMessage): Route {
  const path = new URL(req.url ?? "/", "http://a").pathname;
  return routes[path] ?? ((_req, res) => res.writeHead(404).end());
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  /** Name → the whole Set-Cookie field. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** A browser as far as cookies go: keeps what it is given, forgets what expired. */
export class Browser {
  readonly jar: Map<string, string> = new Map();
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  get cookie(): string | undefined {
    return this.jar.size === 0
      ? undefined
      : [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Another window with the same cookies, that does not share what either is given from now on. */
  fork(): Browser {
    const other = new Browser(this.#port);
    for (const [name, value] of this.jar) other.jar.set(name, value);
    return other;
  }

  async get(
    path: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { cookie } = this;
    const headers = { ...(cookie !== undefined && { cookie }), ...options.headers };
    const req = request({
      port: this.#port,
      host: "127.0.0.1",
      path,
      agent: false,
      ...options,
      headers,
    }).end();
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const body = (await res.setEncoding("utf8").toArray()).join("");
    const cookies = new Map(
      (res.headers["set-cookie"] ?? []).map((field) => [field.slice(0, field.indexOf("=")), field]),
    );
    for (const [name, field] of cookies) this.#keep(name, field);
    return { status: res.statusCode ?? 0, body, headers: res.headers, cookies };
  }

  #keep(name: string, field: string): void {
    const expires = /; expires=([^;]+)/i.exec(field)?.[1];
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.jar.delete(name);
    else this.jar.set(name, field.slice(name.length + 1).split(";")[0] as string);
  }
}
