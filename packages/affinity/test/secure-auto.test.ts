import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import http2 from "node:http2";
import https from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { AffinityOptions, NodeRequest, NodeResponse } from "@unstick/affinity";
import { affinity as affinityOfExpress } from "@unstick/affinity/express";
import { affinity as affinityOfKoa } from "@unstick/affinity/koa";
import connect from "connect";
import express from "express";
import express4 from "express4";
import Koa from "koa";
import Koa2 from "koa2";
import { generate } from "selfsigned";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Call, http1Client, http2Client, type Send } from "./client.ts";

const options: AffinityOptions = { name: "SHOP", secret: "a secret of thirty-two bytes, no?" };

/** One framework and how it is told to trust the proxy before it; null where it knows no such thing. */
interface Framework {
  readonly name: string;
  readonly trust: string | null;
  build(own: AffinityOptions, isTrusting: boolean): RequestListener;
}

const frameworks: readonly Framework[] = [
  expressStyle("Express 4", express4),
  expressStyle("Express 5", express),
  koaStyle("Koa 2", Koa2),
  koaStyle("Koa 3", Koa),
  {
    name: "connect",
    trust: null,
    build: (own) => connect().use(affinityOfExpress(own)).use(releaseAndEnd),
  },
  {
    name: "plain node:http",
    trust: null,
    build: (own) => {
      const bind = affinityOfExpress(own);
      return (request, response) => bind(request, response, () => releaseAndEnd(request, response));
    },
  },
];

function expressStyle(name: string, create: typeof express): Framework {
  const build = (own: AffinityOptions, isTrusting: boolean): RequestListener => {
    const app = create();
    if (isTrusting) app.set("trust proxy", 1);
    return app.use(affinityOfExpress(own)).use((request, response) => releaseAndEnd(request, response));
  };
  return { name, trust: "trust proxy", build };
}

function koaStyle(name: string, create: typeof Koa): Framework {
  const build = (own: AffinityOptions, isTrusting: boolean): RequestListener => {
    const app = new create();
    app.proxy = isTrusting;
    app.use(affinityOfKoa(own)).use((ctx) => {
      if (ctx.path === "/logout") ctx.affinity.release();
      ctx.body = ctx.affinity.state;
    });
    return app.callback();
  };
  return { name, trust: "app.proxy", build };
}

function releaseAndEnd(
  request: NodeRequest & { affinity?: { release(): void; state: string } },
  response: NodeResponse,
): void {
  if (request.url === "/logout") request.affinity!.release();
  (response as http.ServerResponse).end(request.affinity!.state);
}

let certificate: { key: string; cert: string };
beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    keySize: 2048,
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  certificate = { key, cert };
});

async function ask(
  server: Server,
  client: (origin: string) => Send,
  calls: readonly Call[],
): Promise<Answer[]> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const scheme = server instanceof http.Server ? "http" : "https";
  const send = client(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const answers: Answer[] = [];
    for (const call of calls) answers.push(await send(call.method === "POST" ? "/logout" : "/", call));
    return answers;
  } finally {
    server.close();
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    await once(server, "close");
  }
}

/** Whether the cookie is Secure as it is set, and whether it is as it is expired (`POST /logout`). */
async function flags(listener: RequestListener, forwarded: string | undefined): Promise<boolean[]> {
  const headers = forwarded === undefined ? {} : { "x-forwarded-proto": forwarded };
  const answers = await ask(http.createServer(listener), http1Client, [
    { headers },
    { method: "POST", headers },
  ]);
  return answers.map(isSecure);
}

function isSecure({ setCookie }: Answer): boolean {
  expect(setCookie).toHaveLength(1);
  return setCookie[0]!.split("; ").includes("Secure");
}

const both = [true, true];
const neither = [false, false];

describe.each(frameworks)('secure: "auto" on $name', ({ build }) => {
  it("ignores a forged X-Forwarded-Proto where no proxy is trusted", async () => {
    expect(await flags(build(options, false), "https")).toEqual(neither);
    expect(await flags(build({ ...options, trustProxy: false }, true), "https")).toEqual(neither);
    expect(await flags(build(options, false), undefined)).toEqual(neither);
  });

  it("follows trustProxy, whatever the framework trusts", async () => {
    const trusting = { ...options, trustProxy: true };
    for (const isTrusting of [true, false]) {
      expect(await flags(build(trusting, isTrusting), "https")).toEqual(both);
      expect(await flags(build(trusting, isTrusting), "HTTPS, http")).toEqual(both);
      for (const other of ["http", "http, https", "httpss", "", undefined])
        expect(await flags(build(trusting, isTrusting), other), other).toEqual(neither);
    }
  });

  it("is outdone by true and by false", async () => {
    expect(await flags(build({ ...options, secure: true }, false), undefined)).toEqual(both);
    expect(await flags(build({ ...options, secure: false }, true), "https")).toEqual(neither);
  });

  it("sees real HTTPS, whatever a forged header says, and expires with the same attributes", async () => {
    const server = https.createServer(certificate, build(options, false));
    const client = (origin: string): Send => http1Client(origin, certificate.cert);
    const headers = { "x-forwarded-proto": "http" };
    const [set, expired] = await ask(server, client, [{ headers }, { method: "POST", headers }]);
    expect(set!.setCookie[0]).toMatch(/; Path=\/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax$/);
    expect(expired!.setCookie).toEqual(["SHOP=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"]);
  });
});

it.each(frameworks.filter(({ trust }) => trust !== null))(
  'secure: "auto" on $name follows its $trust',
  async ({ build }) => {
    expect(await flags(build(options, true), "https")).toEqual(both);
    expect(await flags(build(options, true), "http")).toEqual(neither);
    expect(await flags(build(options, true), undefined)).toEqual(neither);
  },
);

it('secure: "auto" sees real HTTPS over HTTP/2', async () => {
  const listener = frameworks.find(({ name }) => name === "plain node:http")!.build(options, false);
  const server = http2.createSecureServer(certificate, listener as unknown as () => void);
  const client = (origin: string): Send => http2Client(origin, certificate.cert);
  const answers = await ask(server, client, [{}, { method: "POST" }]);
  expect(answers.map(isSecure)).toEqual(both);
});
