import { once } from "node:events";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Balancer, Routed } from "../balancer.ts";
import { noLines } from "../rules/claim.ts";
import { responseHeaders, setCookieLines } from "../rules/response-headers.ts";
import type { Target } from "../target.ts";
import { headersFor, viewOf } from "./incoming.ts";
import { answerOnSocket } from "./own-answer.ts";
import { TargetTimeout, type Upstream } from "./upstream.ts";

export interface Upgrade {
  readonly balancer: Balancer;
  readonly upstream: Upstream;
  readonly request: IncomingMessage;
  readonly socket: Socket;
  /** Bytes that came right behind the request. */
  readonly head: Buffer;
}

/**
 * [D] An upgrade is routed like any request, cookies included; after the 101 the connection stays with its target and
 * stickiness plays no part. The idle timeout goes on: 504 before the answer's head, afterwards a connection on which
 * neither side sends anything is cut.
 */
export function passUpgrade(upgrade: Upgrade): void {
  const { balancer, upstream, request, socket } = upgrade;
  socket.on("error", () => socket.destroy());
  const routed = balancer.route(viewOf(request));
  const { target } = routed;
  if (target === null) {
    fail(upgrade, 503);
    return;
  }
  const headers = [
    ...headersFor(balancer, request),
    "Connection",
    "Upgrade",
    "Upgrade",
    request.headers.upgrade ?? "",
  ];
  const call = upstream.call(target.url, {
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers,
  });
  trackInFlight(balancer, target, socket);
  const idleTimeoutMs = balancer.settings.listener.idleTimeoutSeconds * 1000;
  call.setTimeout(idleTimeoutMs, () => call.destroy(new TargetTimeout("idle")));
  socket.once("close", () => call.destroy());
  call.on("error", (error) => fail(upgrade, error instanceof TargetTimeout ? 504 : 502));
  call.once("upgrade", (answer, targetSocket: Socket, targetHead) => {
    writeHead(upgrade, routed, answer);
    join(socket, targetSocket, upgrade.head, targetHead);
    // Every byte of either side passes this socket, so that its silence is the silence of both.
    socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  });
  call.once("response", (answer) => {
    writeHead(upgrade, routed, answer);
    answer.pipe(socket);
    answer.once("aborted", () => socket.destroy());
  });
  call.end();
}

function fail({ balancer, socket }: Upgrade, status: number): void {
  if (socket.destroyed || socket.bytesWritten > 0) return void socket.destroy();
  balancer.countOwnStatus(status);
  answerOnSocket(socket, status);
}

function writeHead({ balancer, socket }: Upgrade, routed: Routed, answer: IncomingMessage): void {
  const isSwitching = answer.statusCode === 101;
  const isSettingCookies = !isSwitching || balancer.settings.assume.cookiesOnUpgrade;
  const cookies = isSettingCookies
    ? balancer.cookies(routed, { setCookies: setCookieLines(answer.rawHeaders) })
    : noLines;
  const raw = responseHeaders(answer.rawHeaders, cookies);
  raw.push("Connection", isSwitching ? "Upgrade" : "close");
  const status = answer.statusCode ?? 502;
  const lines = [`HTTP/1.1 ${status} ${answer.statusMessage ?? STATUS_CODES[status] ?? ""}`];
  for (let at = 0; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function join(client: Socket, target: Socket, clientHead: Buffer, targetHead: Buffer): void {
  if (targetHead.length > 0) client.write(targetHead);
  if (clientHead.length > 0) target.write(clientHead);
  client.setNoDelay(true);
  target.setNoDelay(true);
  client.pipe(target).pipe(client);
  target.on("error", () => client.destroy());
  target.once("close", () => client.destroy());
  client.once("close", () => target.destroy());
}

function trackInFlight(balancer: Balancer, target: Target, socket: Socket): void {
  const ended = once(socket, "close").then(() => {});
  const entry = { ended, cut: (): void => void socket.destroy() };
  target.inFlight.add(entry);
  void ended.then(() => {
    target.inFlight.delete(entry);
    balancer.notify();
  });
}
