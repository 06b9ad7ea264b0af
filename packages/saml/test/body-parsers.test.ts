import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryState } from "@unstick/session";
import { createBrowserClient, type Page } from "@unstick/testbed";
import express from "express";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { samlRoutes as expressRoutes } from "../src/express/index.ts";
import { samlRoutes as koaRoutes } from "../src/koa/index.ts";
import { requestIdOf } from "./fleet.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { createSaml } from "./service-provider.ts";
import { envelope } from "./soap.ts";

type Make = (idp: RealIdp) => RequestListener;

const settings = (idp: RealIdp) => ({
  saml: createSaml(idp.certificate, undefined, { logoutUrl: "http://idp.test/logout" }),
  state: memoryState(),
  signIn: async () => {},
});

const onExpress =
  (...parsers: express.RequestHandler[]): Make =>
  (idp) => {
    const routes = expressRoutes(settings(idp));
    const app = express().use(...parsers);
    return app.get("/login", routes.login).all("/acs", routes.acs).all("/logout", routes.logout);
  };

/** As parsers for Koa leave it: `body` is the fields, or empty for a type they do not read. */
const onKoa: Make = (idp) => {
  const routes = koaRoutes(settings(idp));
  const app = new Koa();
  app.use(async (ctx, next) => {
    const isForm = ctx.is("urlencoded") !== false && ctx.method === "POST";
    const chunks: Buffer[] = [];
    if (isForm) for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
    const body = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    Object.assign(ctx.request, { body });
    const paths = { "/login": routes.login, "/acs": routes.acs, "/logout": routes.logout };
    await paths[ctx.path as keyof typeof paths](ctx, next);
  });
  return app.callback() as RequestListener;
};

const kinds: Readonly<Record<string, Make>> = {
  "Express, with none": onExpress((_request, _response, next) => next()),
  "Express, simple": onExpress(express.urlencoded({ extended: false })),
  "Express, extended, with JSON and text": onExpress(
    express.json(),
    express.urlencoded({ extended: true }),
    express.text({ type: "text/*" }),
  ),
  "Express, raw": onExpress(express.urlencoded(), express.raw({ type: "text/xml" })),
  Koa: onKoa,
};

describe.each(Object.entries(kinds))("behind a parser of bodies: %s", (_kind, make) => {
  let idp: RealIdp;
  let url = "";
  const server = createServer();
  beforeAll(async () => {
    idp = await startRealIdp();
    server.on("request", make(idp)).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const send = (path: string, body: string, type: string): Promise<Page> =>
    createBrowserClient().post(`${url}${path}`, { body, headers: { "content-type": type } });

  test("answers and logouts are read, what is no string is malformed", async () => {
    const form = "application/x-www-form-urlencoded";
    const requestId = requestIdOf(await createBrowserClient().get(`${url}/login`));
    const field = `SAMLResponse=${encodeURIComponent(await idp.answer({ requestId }))}`;
    for (const bad of [
      field.replace("=", "[x]="),
      `${field}&${field}`,
      field.replace("SAMLResponse", "__proto__"),
    ]) {
      // The last of two is what some parsers leave.
      const { status } = await send("/acs", bad, form);
      expect([bad.slice(0, 20), [400, 303].includes(status)]).toEqual([bad.slice(0, 20), true]);
      if (!bad.includes("&")) expect(status).toBe(400);
    }
    expect((await send("/acs", field, form)).headers.location).toMatch(/^http:\/\/sp\.test\/acs\?ticket=/);
    const logout = idp.logoutRequest({});
    const posted = await send("/logout", `SAMLRequest=${encodeURIComponent(logout)}`, form);
    expect(posted.headers.location).toMatch(/^http:\/\/idp\.test\/logout\?SAMLResponse=/);
    const soap = envelope(Buffer.from(idp.logoutRequest({}), "base64").toString());
    const answered = await send("/logout", soap, "text/xml; charset=utf-8");
    expect([answered.status, answered.body]).toEqual([200, expect.stringContaining("LogoutResponse")]);
  });
});
