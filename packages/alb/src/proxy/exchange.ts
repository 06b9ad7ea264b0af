import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Balancer, Routed } from "../balancer.ts";
import type { CookieLines } from "../rules/claim.ts";
import { responseHeaders, setCookieLines } from "../rules/response-headers.ts";
import type { Target } from "../target.ts";
import { answerByOurselves } from "./own-answer.ts";
import { TargetTimeout } from "./upstream.ts";

/** One request on its way to a target and back. Streams both ways: the slower side sets the pace. */
export interface Exchange {
  readonly balancer: Balancer;
  readonly routed: Routed;
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly upstream: ClientRequest;
}

export function run(exchange: Exchange): void {
  const { request, response, upstream } = exchange;
  trackInFlight(exchange);
  watchIdleness(exchange);
  upstream.once("response", (answer) => passAnswer(exchange, answer));
  upstream.on("error", (error) => fail(exchange, statusOf(error)));
  response.once("close", () => {
    if (!response.writableFinished) noteLeaving(exchange);
    upstream.destroy();
  });
  request.pipe(upstream);
}

/** [D] No data from the target within the idle timeout is a 504; from the client, whose request is not complete, a 408. */
function watchIdleness(exchange: Exchange): void {
  const { request, upstream, balancer } = exchange;
  upstream.setTimeout(balancer.settings.listener.idleTimeoutSeconds * 1000, () => {
    fail(exchange, request.complete ? 504 : 408);
  });
}

/** [D] Connect timeout: 504. Refused, reset, closed early, malformed, headers over 32K, no TLS in time: 502. */
function statusOf(error: Error): number {
  return error instanceof TargetTimeout ? 504 : 502;
}

function passAnswer(exchange: Exchange, answer: IncomingMessage): void {
  const { balancer, routed, response } = exchange;
  if (response.headersSent || response.destroyed) return void answer.destroy();
  const cookies = balancer.cookies(routed, { setCookies: setCookieLines(answer.rawHeaders) });
  const headers = responseHeaders(answer.rawHeaders, cookies);
  // With a Date of the target, or none at all: a balancer makes none up.
  response.sendDate = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", headers);
  // A stream of events has to reach the client before its first event does; what has a length follows at once.
  if (answer.headers["content-length"] === undefined) response.flushHeaders();
  answer.pipe(response);
  answer.once("aborted", () => response.destroy());
}

/** Once the head is out an error can only be shown by cutting the connection: a half answer must not look whole. */
function fail(exchange: Exchange, status: number): void {
  const { balancer, routed, response, upstream } = exchange;
  upstream.destroy();
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  balancer.countOwnStatus(status);
  const isSettingCookies = balancer.settings.assume.cookiesOnOwnAnswers;
  answerByOurselves(
    response,
    status,
    isSettingCookies ? all(balancer.cookies(routed, { setCookies: [] })) : [],
  );
}

function all({ early, late }: CookieLines): readonly string[] {
  return [...early, ...late];
}

/** [D] 460: the client closed the connection before the idle timeout was over; nobody sees it but the counters. */
function noteLeaving({ balancer, response }: Exchange): void {
  if (!response.headersSent) balancer.countOwnStatus(460);
}

function trackInFlight(exchange: Exchange): void {
  const { balancer, target, response } = exchange;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  // [D] "If the deregistration delay elapses" with a request in flight: 502.
  const entry = { ended, cut: (): void => fail(exchange, 502) };
  target.inFlight.add(entry);
  response.once("close", () => {
    target.inFlight.delete(entry);
    balancer.notify();
    end();
  });
}
