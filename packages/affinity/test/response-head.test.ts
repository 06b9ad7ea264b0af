import { once } from "node:events";
import http, { type RequestListener, type ServerResponse } from "node:http";
import http2 from "node:http2";
import { type AddressInfo, connect, type Server } from "node:net";
import type { AffinityHolder } from "@unstick/affinity";
import { affinity } from "@unstick/affinity/express";
import { describe, expect, it } from "vitest";
import { type Answer, http1Client, http2Client } from "./client.ts";

const secret = "a secret of thirty-two bytes, no?";

type Answerer = (response: ServerResponse) => void;

/** One request to a server that answers in just this way, behind the middleware or bare. */
type Ask = (answer: Answerer, isBare?: boolean) => Promise<Answer>;

async function ask(
  create: (listener: RequestListener) => Server,
  client: typeof http1Client,
  answer: Answerer,
  isBare = false,
): Promise<Answer> {
  const bind = affinity({ name: "SHOP", secret });
  const server = create((request, response) => {
    if (isBare) answer(response);
    else bind(request, response, () => answer(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)("/");
  } finally {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  }
}

const servers: [string, Ask][] = [
  ["HTTP/1", (answer, isBare) => ask((listener) => http.createServer(listener), http1Client, answer, isBare)],
  [
    "HTTP/2",
    (answer, isBare) =>
      ask((listener) => http2.createServer(listener as unknown as () => void), http2Client, answer, isBare),
  ],
];

const heads: [string, Answerer][] = [
  ["implicit, by end", (res) => res.end("x")],
  [
    "implicit, by write",
    (res) => {
      res.write("x");
      res.end();
    },
  ],
  [
    "implicit, by flushHeaders",
    (res) => {
      res.flushHeaders();
      res.end("x");
    },
  ],
  ["status alone", (res) => res.writeHead(200).end("x")],
  ["object", (res) => res.writeHead(200, { "X-Own": "1", "Set-Cookie": "a=1" }).end("x")],
  ["object with a list", (res) => res.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end("x")],
  [
    "object in odd case",
    (res) => res.writeHead(200, { "sEt-CoOkIe": "a=1", "CACHE-control": "public" }).end("x"),
  ],
  ["reason and object", (res) => res.writeHead(200, "Fine", { "Set-Cookie": "a=1" }).end("x")],
  ["undefined reason and object", (res) => res.writeHead(200, undefined, { "Set-Cookie": "a=1" }).end("x")],
  [
    "flat list",
    (res) => res.writeHead(200, ["X-Own", "1", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]).end("x"),
  ],
  [
    "flat list after setHeader",
    (res) => {
      res.setHeader("X-Own", "1");
      res.writeHead(200, ["Set-Cookie", "a=1"]).end("x");
    },
  ],
  [
    "list of pairs",
    (res) => {
      const pairs = [
        ["Set-Cookie", "a=1"],
        ["X-Own", "1"],
      ] as unknown as string[];
      res.writeHead(200, pairs).end("x");
    },
  ],
  ["empty list", (res) => res.writeHead(200, []).end("x")],
  [
    "setHeader, then an object that overrides it",
    (res) => {
      res.setHeader("Set-Cookie", "z=0");
      res.writeHead(200, { "Set-Cookie": "a=1" }).end("x");
    },
  ],
  [
    "setHeader alone",
    (res) => {
      res.setHeader("Set-Cookie", ["a=1", "b=2"]);
      res.end("x");
    },
  ],
  [
    "cookie of our name in an object",
    (res) => res.writeHead(200, { "Set-Cookie": ["SHOP=theirs", "a=1"] }).end("x"),
  ],
  ["304", (res) => res.writeHead(304).end()],
  ["redirect", (res) => res.writeHead(302, { Location: "/else" }).end()],
];

describe.each(servers)("a head over %s", (_name, send) => {
  it.each(heads)("%s: gets one cookie, keeps the rest as it would be", async (_form, answer) => {
    const bare = await send(answer, true);
    const bound = await send(answer);
    const others = bare.setCookie.filter((cookie) => !cookie.startsWith("SHOP="));
    expect(bound.setCookie.slice(0, -1)).toEqual(others);
    expect(bound.setCookie.at(-1)).toMatch(/^SHOP=1\./);
    expect(bound.headers["cache-control"]).toMatch(/^private/);
    expect([bound.status, bound.body]).toEqual([bare.status, bare.body]);
    expect(bound.headers["x-own"]).toEqual(bare.headers["x-own"]);
    expect(bound.headers.location).toEqual(bare.headers.location);
  });

  it("keeps Node's own error on a second head, and the first head whole", async () => {
    const codes: unknown[] = [];
    const { setCookie, status } = await send((res) => {
      res.writeHead(201);
      try {
        res.writeHead(500);
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
      res.end("x");
    });
    expect(codes).toEqual([expect.stringMatching(/^ERR_HTTP2?_HEADERS_SENT$/)]);
    expect([status, setCookie.length]).toEqual([201, 1]);
  });

  it("leaves the caller's headers as they were", async () => {
    const headers = Object.freeze({ "Set-Cookie": "a=1" });
    const list = Object.freeze(["Set-Cookie", "a=1"]) as string[];
    expect((await send((res) => res.writeHead(200, headers).end())).setCookie).toHaveLength(2);
    expect((await send((res) => res.writeHead(200, list).end())).setCookie).toHaveLength(2);
  });
});

describe("a head that Node refuses", () => {
  it("is followed by one that holds the cookie once", async () => {
    const { setCookie, status } = await servers[0]![1]((res) => {
      try {
        res.writeHead(200, ["X-Bad", "line\nbreak", "Set-Cookie", "a=1"]);
      } catch {
        for (const name of res.getHeaderNames()) if (name === "x-bad") res.removeHeader(name);
        res.writeHead(500, { "Set-Cookie": "b=2" }).end("failed");
      }
    });
    expect(status).toBe(500);
    expect(setCookie).toEqual(["b=2", expect.stringMatching(/^SHOP=1\./)]);
  });

  it("counts one release, however many heads it takes", async () => {
    const bind = affinity({ name: "SHOP", secret });
    const server = http.createServer((request: http.IncomingMessage & AffinityHolder, response) => {
      bind(request, response, () => {
        request.affinity!.release();
        expect(() => response.writeHead(200, { "X-Bad": "line\nbreak" })).toThrow(/Invalid character/);
        response.removeHeader("x-bad");
        response.end("x");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { setCookie } = await http1Client(`http://127.0.0.1:${port}`)("/");
    server.close();
    expect(setCookie).toEqual([expect.stringMatching(/^SHOP=; .*Max-Age=0/)]);
    expect(bind.counters.released).toBe(1);
  });
});

describe("1xx", () => {
  it("puts nothing on early hints, and the cookie on the final head", async () => {
    const bind = affinity({ name: "SHOP", secret });
    const server = http.createServer((request, response) => {
      bind(request, response, () => {
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        response.writeProcessing();
        response.end("x");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const informational: string[][] = [];
    const request = http.get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    request.on("information", (info) => informational.push(Object.keys(info.headers)));
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    response.resume();
    await once(response, "end");
    server.close();
    expect(informational).toEqual([["link"], []]);
    expect(response.headers["set-cookie"]).toHaveLength(1);
  });

  it("puts nothing on a 101 that is written as a head", async () => {
    const bind = affinity({ name: "SHOP", secret });
    const server = http.createServer((request, response) => {
      bind(request, response, () => response.writeHead(101, { Connection: "Upgrade", Upgrade: "x" }).end());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
    socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    server.close();
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(answer).not.toMatch(/set-cookie/i);
  });
});
