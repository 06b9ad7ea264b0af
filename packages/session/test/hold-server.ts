import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { holdResponse } from "../src/http/hold.ts";
import type { HoldHooks } from "../src/http/hold-hooks.ts";

export type Handler = (req: IncomingMessage, res: ServerResponse) => unknown;

/** What a client saw of one answer. */
export interface Seen {
  readonly status: number;
  readonly message: string;
  /** `Name: value`, in order, without the fields that the clock, the connection or the framing make. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
  readonly informational: readonly number[];
  /** The connection broke before the answer was whole. */
  readonly cut: boolean;
}

/** A commit that waits to be told how it ends. */
export interface Gate {
  readonly began: Promise<void>;
  readonly done: Promise<void>;
  /** Come to the gate, and wait. */
  enter(): Promise<void>;
  succeed(): void;
  fail(error: Error): void;
}

export function gate(): Gate {
  const began = deferred();
  const done = deferred();
  return {
    began: began.promise,
    done: done.promise,
    enter: () => {
      began.resolve();
      return done.promise;
    },
    succeed: () => done.resolve(),
    fail: (error) => done.reject(error),
  };
}

function deferred(): { promise: Promise<void>; resolve(): void; reject(error: Error): void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve: () => resolve(), reject: (error) => reject(error) };
}

/** Hooks that do nothing but add a field, and answer 503 when the commit failed. */
export function hooks(res: ServerResponse, more: Partial<HoldHooks> = {}): HoldHooks {
  return {
    commit: () => undefined,
    writeHead: () => res.appendHeader("X-Committed", "yes"),
    commitLate: () => undefined,
    fail: () => {
      res.statusCode = 503;
      res.setHeader("Content-Type", "text/plain");
      res.end("not stored");
    },
    ...more,
  };
}

export function held(handler: Handler, more: Partial<HoldHooks> = {}): Handler {
  return (req, res) => {
    holdResponse(res, hooks(res, more));
    return handler(req, res);
  };
}

export async function serve(
  handler: Handler,
): Promise<{ port: number; server: Server; close(): Promise<void> }> {
  const server = createServer((req, res) => void handler(req, res));
  server.on("checkContinue", (req, res) => void handler(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The length: a head that waited until the end is known to be this long, where Node alone would chunk. */
const notCompared = /^(date|connection|keep-alive|content-length|transfer-encoding):/i;

export async function ask(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<Seen> {
  const req = request({ port, host: "127.0.0.1", agent: false, ...options });
  const informational: number[] = [];
  req.on("information", (info) => informational.push(info.statusCode));
  req.end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  let body = "";
  let cut = false;
  res.setEncoding("utf8");
  res.on("data", (chunk: string) => {
    body += chunk;
  });
  res.on("error", () => {
    cut = true;
  });
  if (!res.closed) await once(res, "close").catch(() => undefined);
  return {
    status: res.statusCode ?? 0,
    message: res.statusMessage ?? "",
    fields: fieldLines(res.rawHeaders),
    body,
    trailers: res.trailers,
    informational,
    cut: cut || !res.complete,
  };
}

function fieldLines(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`);
  return lines.filter((line) => !notCompared.test(line));
}
