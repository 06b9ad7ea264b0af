import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A target that answers with its name in `X-Instance`, and sets `MYAPP` on /login. */
export interface FarmTarget {
  readonly name: string;
  readonly url: string;
  readonly server: Server;
  /** What it was asked, health checks included. */
  readonly seen: IncomingMessage[];
  isHealthy: boolean;
  stop(): Promise<void>;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export async function startTarget(name: string, behave?: Behaviour, port = 0): Promise<FarmTarget> {
  const seen: IncomingMessage[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming);
    response.setHeader("X-Instance", name);
    if (incoming.headers["user-agent"]?.startsWith("ELB-HealthChecker")) {
      response.writeHead(target.isHealthy ? 200 : 503).end();
    } else if (behave !== undefined) behave(incoming, response);
    else {
      if (incoming.url === "/login") response.setHeader("Set-Cookie", "MYAPP=abc; Path=/; HttpOnly");
      response.end(name);
    }
  });
  server.keepAliveTimeout = 65_000;
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const target: FarmTarget = {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    seen,
    isHealthy: true,
    stop: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  return target;
}

export function startFarm(names: readonly string[], behave?: Behaviour): Promise<FarmTarget[]> {
  return Promise.all(names.map((name) => startTarget(name, behave)));
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly instance: string | undefined;
  readonly raw: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly setCookies: readonly string[];
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly localAddress?: string;
}

/** One request on a connection of its own, with the answer's headers in the order of the wire. */
export async function ask(
  url: string,
  { method = "GET", headers, body, localAddress }: Ask = {},
): Promise<Answer> {
  const outgoing = request(url, {
    method,
    agent: false,
    ...(headers && { headers }),
    ...(localAddress && { localAddress }),
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 0,
    reason: answer.statusMessage ?? "",
    instance: answer.headers["x-instance"] as string | undefined,
    raw: answer.rawHeaders,
    headers: answer.headers,
    setCookies: answer.headers["set-cookie"] ?? [],
    body: await text(answer),
  };
}

/** `name=value` of the Set-Cookie lines whose name starts so, as a client would send them back. */
export function cookiesOf(answer: Answer, prefix = ""): string {
  return answer.setCookies
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.split(";", 1)[0])
    .join("; ");
}
