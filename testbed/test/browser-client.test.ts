import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createBrowserClient, siteOf } from "@unstick/testbed";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: Server;
let port: number;
let connections = 0;

const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  "/set": (_request, response) =>
    response
      .setHeader("set-cookie", [
        "strict=1; SameSite=Strict",
        "lax=1; SameSite=Lax",
        "none=1; SameSite=None; Secure",
        "bare=1",
      ])
      .end(),
  "/refused": (_request, response) =>
    response
      .setHeader("set-cookie", ["a=1; SameSite=None", "__Host-b=1; Path=/", "c=1; Domain=other.test"])
      .end(),
  "/echo": async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { cookie, origin } = request.headers;
    response.end(JSON.stringify({ method: request.method, url: request.url, cookie, origin, body }));
  },
  "/302": (_request, response) => response.writeHead(302, { location: "/echo" }).end(),
  "/307": (_request, response) => response.writeHead(307, { location: "/echo" }).end(),
  "/loop": (_request, response) => response.writeHead(302, { location: "/loop" }).end(),
  "/form": (_request, response) =>
    response.end(`<form method="post" action="http://sp.localhost:${port}/echo">
      <input type="hidden" name="SAMLResponse" value="a&#43;b&amp;c"><input name="off" type="checkbox" value="x">
      <select name="pick"><option value="1">one</option><option value="2" selected>two</option></select><input type="submit" name="go"></form>`),
};

beforeAll(async () => {
  server = createServer((request, response) =>
    routes[new URL(request.url ?? "/", "http://x").pathname]?.(request, response),
  );
  server.on("connection", () => connections++);
  await once(server.listen(0, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const at = (host: string, path: string): string => `http://${host}:${port}${path}`;

test.each([
  ["http://sp.localhost:1", "http://www.sp.localhost:2", true],
  ["http://sp.localhost", "http://idp.localhost", false],
  ["http://sp.test", "https://sp.test", false],
  ["http://127.0.0.1:1", "http://127.0.0.1:2", true],
  ["http://127.0.0.1", "http://127.0.0.2", false],
  ["http://[::1]:1", "http://[::1]:2", true],
])("%s and %s are of one site: %s", (left, right, isSame) => {
  expect(siteOf(left) === siteOf(right)).toBe(isSame);
});

describe("SameSite", () => {
  const idp = "http://idp.localhost/";
  test.each([
    ["GET", undefined, ["bare", "lax", "none", "strict"]],
    ["POST", undefined, ["bare", "lax", "none", "strict"]],
    ["POST", "http://www.sp.localhost/", ["bare", "lax", "none", "strict"]],
    ["GET", idp, ["bare", "lax", "none"]],
    ["POST", idp, ["bare", "none"]],
  ])("%s from %s carries %j", async (method, from, expected) => {
    const client = createBrowserClient();
    await client.get(at("sp.localhost", "/set"));
    const options = from === undefined ? {} : { from };
    const visit = method === "GET" ? client.get : client.post;
    const page = await visit(at("sp.localhost", "/echo"), options);
    expect(cookieNames(page.body)).toEqual(expected);
    client.close();
  });

  test("a cross-site POST that is redirected with 302 goes on as a GET and carries Lax again, 307 does not", async () => {
    const client = createBrowserClient();
    await client.get(at("sp.localhost", "/set"));
    const options = { from: idp, follow: true, form: { a: "1" } };
    const found = await client.post(at("sp.localhost", "/302"), options);
    const temporary = await client.post(at("sp.localhost", "/307"), options);
    expect(JSON.parse(found.body)).toMatchObject({ method: "GET", body: "" });
    expect(cookieNames(found.body)).toEqual(["bare", "lax", "none"]);
    expect(JSON.parse(temporary.body)).toMatchObject({ method: "POST", body: "a=1" });
    expect(cookieNames(temporary.body)).toEqual(["bare", "none"]);
    client.close();
  });
});

test("cookies that a browser refuses are refused, with the reason", async () => {
  const client = createBrowserClient();
  const page = await client.get(at("sp.localhost", "/refused"));
  expect(page.refusedCookies).toHaveLength(3);
  expect(page.refusedCookies[0]?.reason).toBe("SameSite=None without Secure");
  expect(await client.cookies(page.url)).toEqual([]);
  client.close();
});

test("cookies stay on their host and are forgotten on request", async () => {
  const client = createBrowserClient();
  await client.get(at("sp.localhost", "/set"));
  expect(await client.cookies(at("idp.localhost", "/"))).toEqual([]);
  expect(await client.cookies(at("sp.localhost", "/"))).toHaveLength(4);
  await client.clearCookies();
  expect(await client.cookies(at("sp.localhost", "/"))).toEqual([]);
  client.close();
});

test("a form is sent as it stands on the page, across sites", async () => {
  const client = createBrowserClient();
  const page = await client.get(at("idp.localhost", "/form"));
  const sent = JSON.parse((await client.submit(page, { more: "1" })).body);
  expect(sent).toMatchObject({ method: "POST", origin: `http://idp.localhost:${port}` });
  expect(Object.fromEntries(new URLSearchParams(sent.body))).toEqual({
    SAMLResponse: "a+b&c",
    pick: "2",
    more: "1",
  });
  client.close();
});

test("redirects are followed only on request, and not for ever", async () => {
  const client = createBrowserClient();
  expect((await client.get(at("sp.localhost", "/302"))).status).toBe(302);
  const page = await client.get(at("sp.localhost", "/302"), { follow: true });
  expect([page.status, page.url, page.redirects.map(({ status }) => status)]).toEqual([
    200,
    at("sp.localhost", "/echo"),
    [302],
  ]);
  await expect(client.get(at("sp.localhost", "/loop"), { follow: true })).rejects.toThrow("more than 20");
  client.close();
});

test("one client keeps its connection, and survives the server closing it", async () => {
  const client = createBrowserClient();
  const before = connections;
  for (let i = 0; i < 3; i++) await client.get(at("sp.localhost", "/echo"));
  expect(connections - before).toBe(1);
  server.closeAllConnections();
  expect((await client.get(at("sp.localhost", "/echo"))).status).toBe(200);
  client.close();
});

function cookieNames(body: string): string[] {
  const { cookie = "" } = JSON.parse(body) as { cookie?: string };
  return cookie
    .split("; ")
    .map((pair) => pair.split("=")[0] ?? "")
    .sort();
}
