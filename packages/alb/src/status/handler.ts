import type { IncomingMessage, ServerResponse } from "node:http";
import type { Balancer } from "../balancer.ts";
import { page } from "./page.ts";
import { type AlbStatus, report } from "./report.ts";

/** How often at most a watcher is sent the whole status. */
const drawIntervalMs = 200;

export interface StatusHandler {
  /** Answers the status path and what is below it; false for everything else. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): void;
}

/** `/_alb` is a page, `/_alb/status.json` the same as JSON, `/_alb/events` the stream that keeps the page live. */
export function statusHandler(balancer: Balancer): StatusHandler {
  const { statusPath } = balancer.settings.listener;
  const streams = new Set<ServerResponse>();
  const stopWatching = balancer.watch(
    throttle(() => {
      if (streams.size > 0) sendAll(streams, report(balancer));
    }),
  );
  return {
    handle: (request, response) => {
      if (statusPath === false) return false;
      const path = request.url?.split("?", 1)[0] ?? "/";
      if (path === statusPath) answerPage(response, statusPath);
      else if (path === `${statusPath}/status.json`) answerJson(response, report(balancer));
      else if (path === `${statusPath}/events`) openStream(response, streams, report(balancer));
      else return false;
      return true;
    },
    close: () => {
      stopWatching();
      for (const stream of streams) stream.end();
    },
  };
}

const never = { "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" };

function answerPage(response: ServerResponse, statusPath: string): void {
  // Everything the page needs is in it.
  const policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";
  response.writeHead(200, {
    ...never,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy,
  });
  response.end(page(statusPath));
}

function answerJson(response: ServerResponse, status: AlbStatus): void {
  response.writeHead(200, { ...never, "Content-Type": "application/json" });
  response.end(`${JSON.stringify(status, null, 2)}\n`);
}

function openStream(response: ServerResponse, streams: Set<ServerResponse>, status: AlbStatus): void {
  response.writeHead(200, { ...never, "Content-Type": "text/event-stream" });
  send(response, status);
  streams.add(response);
  response.once("close", () => streams.delete(response));
}

function sendAll(streams: ReadonlySet<ServerResponse>, status: AlbStatus): void {
  // A watcher that does not read misses states, not memory: the next one it gets is whole.
  for (const stream of streams) if (!stream.writableNeedDrain) send(stream, status);
}

function send(stream: ServerResponse, status: AlbStatus): void {
  stream.write(`data: ${JSON.stringify(status)}\n\n`);
}

/** Acts once, an interval after the first of a burst of calls. */
function throttle(act: () => void): () => void {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    const wake = (): void => {
      isWaiting = false;
      act();
    };
    setTimeout(wake, drawIntervalMs).unref();
  };
}
