import { once } from "node:events";
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";

export interface HttpCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Kept-alive connections of one client; every host name leads to loopback. */
export interface Connections {
  call(call: HttpCall): Promise<HttpAnswer>;
  close(): void;
}

/** `ca` is the certificate (PEM) that HTTPS servers are checked against. */
export function openConnections(ca: string | undefined): Connections {
  const http = new HttpAgent({ keepAlive: true, lookup: toLoopback });
  const https = new HttpsAgent({ keepAlive: true, lookup: toLoopback, ...(ca === undefined ? {} : { ca }) });
  const send = (call: HttpCall): ClientRequest => {
    const { method, headers } = call;
    const options = { method, headers, signal: AbortSignal.timeout(call.timeoutMs) };
    const request = call.url.startsWith("https:")
      ? httpsRequest(call.url, { ...options, agent: https })
      : httpRequest(call.url, { ...options, agent: http });
    return request.end(call.body);
  };
  return {
    call: (call) => exchange(send, call),
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/**
 * A kept-alive connection may have been closed by the other side a moment ago: as browsers do, a safe request
 * that dies on a reused connection is sent once more (RFC 9110 section 9.2.2).
 */
async function exchange(send: (call: HttpCall) => ClientRequest, call: HttpCall): Promise<HttpAnswer> {
  const request = send(call);
  try {
    return await readAnswer(request);
  } catch (error) {
    const isStale = request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
    if (!isStale || call.method !== "GET") throw error;
    return readAnswer(send(call));
  }
}

async function readAnswer(request: ClientRequest): Promise<HttpAnswer> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

/** Tests give their servers names such as `idp.test`, so that site rules apply; all of them live on this machine. */
const toLoopback: LookupFunction = (_hostname, options, callback) => {
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};
