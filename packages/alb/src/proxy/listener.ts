import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Balancer } from "../balancer.ts";
import { limits, refusalOf, statusOfParserError } from "../rules/limits.ts";
import { run } from "./exchange.ts";
import { headersFor, headOf, viewOf, withFraming } from "./incoming.ts";
import { explainListening } from "./listen-error.ts";
import { answerByOurselves, answerOnSocket } from "./own-answer.ts";
import { passUpgrade } from "./upgrade.ts";
import { openUpstream, type Upstream } from "./upstream.ts";

/** [D] Ten seconds, in milliseconds, for the TLS handshake of a client. */
const handshakeTimeout = 10_000;

/** What answers the status path; true when it did. */
export type StatusHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Listen, and move bytes between clients and the targets that the balancer names. */
export async function listen(
  balancer: Balancer,
  answerStatus: StatusHandler,
  upstream: Upstream = openUpstream(),
): Promise<Listener> {
  const server = makeServer(balancer, (request, response) => {
    if (!answerStatus(request, response)) handle(balancer, upstream, request, response);
  });
  server.on("upgrade", (request, socket: Socket, head) => {
    passUpgrade({ balancer, upstream, request, socket, head });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Without TLS there is no way to answer, and no request to count: [D] ClientTLSNegotiationErrorCount.
    if (/^ERR_(SSL|TLS)_/.test(error.code ?? "")) return void socket.destroy();
    const status = statusOfParserError(error.code);
    balancer.countOwnStatus(status);
    answerOnSocket(socket, status);
  });
  const connections = trackConnections(server);
  const { port, host } = balancer.settings.listener;
  await bind(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(server, upstream, connections),
  };
}

function makeServer({ settings }: Balancer, handler: RequestListener): Server {
  const { idleTimeoutSeconds, clientKeepAliveSeconds } = settings.listener;
  const options = {
    // Ours are checked by `refusalOf`; the parser only has to let them through.
    maxHeaderSize: limits.requestLine + limits.allHeaders,
    keepAliveTimeout: clientKeepAliveSeconds * 1000,
    headersTimeout: idleTimeoutSeconds * 1000,
    requestTimeout: 0,
    insecureHTTPParser: false,
  };
  return settings.tls === undefined
    ? createServer(options, handler)
    : createHttpsServer({ ...options, handshakeTimeout, ...settings.tls }, handler);
}

function handle(
  balancer: Balancer,
  upstream: Upstream,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const refusal = refusalOf(headOf(request));
  if (refusal !== null) {
    refuse(balancer, response, refusal);
    return;
  }
  const routed = balancer.route(viewOf(request));
  const { target } = routed;
  if (target === null || !balancer.speaksHttp1(routed)) {
    refuse(balancer, response, target === null ? 503 : 464);
    return;
  }
  const call = {
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: headersFor(balancer, request),
  };
  run({
    balancer,
    routed,
    target,
    request,
    response,
    upstream: upstream.call(target.url, withFraming(call)),
  });
}

function refuse(balancer: Balancer, response: ServerResponse, status: number): void {
  balancer.countOwnStatus(status);
  answerByOurselves(response, status);
}

function bind(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explainListening(error, port, host)));
    server.listen(port, host, () => resolve());
  });
}

/** Those too that `closeAllConnections` does not know: before the end of the TLS handshake, and after an upgrade. */
function trackConnections(server: Server): ReadonlySet<Socket> {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return connections;
}

async function closeServer(
  server: Server,
  upstream: Upstream,
  connections: ReadonlySet<Socket>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of connections) socket.destroy();
  upstream.close();
  await closed;
}
