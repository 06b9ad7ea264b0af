import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { inflateRawSync } from "node:zlib";
import { SAML } from "@node-saml/node-saml";
import {
  type Backend,
  memoryBackend,
  memoryState,
  type PrincipalIndex,
  type SharedState,
} from "@unstick/session";
import { session as expressSession } from "@unstick/session/express";
import { session as koaSession } from "@unstick/session/koa";
import { type BrowserClient, createBrowserClient, type Page } from "@unstick/testbed";
import express from "express";
import Koa from "koa";
import { generate } from "selfsigned";
import { samlRoutes as expressRoutes } from "../src/express/index.ts";
import type { FlowOptions } from "../src/index.ts";
import { samlRoutes as koaRoutes } from "../src/koa/index.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { entityId } from "./service-provider.ts";

export interface Shared {
  state: SharedState;
  sessions: Backend & PrincipalIndex;
}

export interface Fleet {
  readonly url: string;
  readonly idp: RealIdp;
  /** The service provider's own, PEM. */
  readonly certificate: string;
  readonly shared: Shared;
  /** Which instance answers next. */
  turn: number;
  close(): Promise<void>;
}

/** Where the parties live. `127.0.0.1` answers node's clients; names under `.test` lead a browser here. */
export interface Sites {
  readonly host: string;
  readonly idpUrl: string;
}

const onLoopback: Sites = { host: "127.0.0.1", idpUrl: "http://idp.test" };

/** Three instances that share a store and nothing else, behind a round robin; over https for the None cookie. */
export async function startFleet(
  framework: "express" | "koa",
  options: Partial<FlowOptions> = {},
  shared: Shared = { state: memoryState(), sessions: memoryBackend() },
  { host, idpUrl }: Sites = onLoopback,
): Promise<Fleet> {
  const pair = await makePair();
  const isSecure = options.binding === "none-cookie";
  const server = isSecure ? createSecureServer({ key: pair.private, cert: pair.cert }) : createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `${isSecure ? "https" : "http"}://${host}:${(server.address() as AddressInfo).port}`;
  const idp = await startRealIdp({ callbackUrl: `${url}/acs`, logoutUrl: `${url}/logout` });
  const make = framework === "express" ? expressApp : koaApp;
  const instances = [0, 1, 2].map(() =>
    make(samlOf({ url, idpUrl }, idp, pair), { ...shared, ...options }, shared.sessions),
  );
  const fleet: Fleet = {
    url,
    idp,
    certificate: pair.cert,
    shared,
    turn: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on("request", (request, response) => {
    fleet.turn += 1;
    instances[fleet.turn % 3]?.(request, response);
  });
  return fleet;
}

/** For https and for what we sign. */
function makePair(): ReturnType<typeof generate> {
  return generate([{ name: "commonName", value: "sp" }], {
    keySize: 2048,
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
}

function samlOf(
  { url, idpUrl }: { readonly url: string; readonly idpUrl: string },
  idp: RealIdp,
  { private: privateKey, cert: publicCert }: Awaited<ReturnType<typeof makePair>>,
): SAML {
  return new SAML({
    issuer: entityId,
    callbackUrl: `${url}/acs`,
    entryPoint: `${idpUrl}/login`,
    logoutUrl: `${idpUrl}/logout`,
    idpCert: idp.certificate,
    privateKey,
    publicCert,
    signatureAlgorithm: "sha256",
  });
}

function expressApp(saml: SAML, options: FlowOptions, backend: Backend): RequestListener {
  const routes = expressRoutes({
    saml,
    ...options,
    signIn: async (login, request) => {
      const { session } = request as unknown as { session: { regenerate(): Promise<void> } };
      await session.regenerate();
      (request as unknown as { session: { user: string } }).session.user = login.nameId.value;
    },
  });
  const app = express();
  app.use(expressSession({ backend, secret: "a secret of thirty-two characters" }) as never, routes.bound);
  app.get("/login", routes.login);
  app.all("/acs", routes.acs);
  app.all("/logout", routes.logout);
  app.get("/metadata", routes.metadata);
  app.get("/act/:deed", async (request, response) => {
    await act(request.params.deed, request as never);
    response.send("done");
  });
  app.use((request, response) => {
    response.send((request as unknown as { session: { user?: string } }).session.user ?? "nobody");
  });
  return app;
}

interface Holder {
  session: { regenerate(): Promise<void>; destroy(): Promise<void> } & Record<string, unknown>;
}

/** What an application may do to a session, unasked, when its login is long over. */
async function act(deed: string, holder: Holder): Promise<void> {
  if (deed === "forget") return holder.session.destroy();
  const { user, unstickSaml } = holder.session;
  await holder.session.regenerate();
  Object.assign(holder.session, { user, unstickSaml });
}

function koaApp(saml: SAML, options: FlowOptions, backend: Backend): RequestListener {
  const routes = koaRoutes({
    saml,
    ...options,
    signIn: async (login, ctx) => {
      const { session } = ctx as unknown as { session: { regenerate(): Promise<void> } };
      await session.regenerate();
      (ctx as unknown as { session: { user: string } }).session.user = login.nameId.value;
    },
  });
  const app = new Koa();
  app.keys = ["a secret of thirty-two characters"];
  app.use(koaSession({ backend }, app) as never);
  app.use(routes.bound);
  const paths = {
    "/login": routes.login,
    "/acs": routes.acs,
    "/logout": routes.logout,
    "/metadata": routes.metadata,
  };
  app.use(async (ctx, next) => {
    const route = paths[ctx.path as keyof typeof paths];
    if (route !== undefined) return route(ctx, next);
    if (ctx.path.startsWith("/act/")) await act(ctx.path.slice(5), ctx as never);
    ctx.body = (ctx as unknown as { session?: { user?: string } }).session?.user ?? "nobody";
  });
  return app.callback() as RequestListener;
}

export const atIdp = { from: "http://idp.test/" };

/** From the login link to the identity provider's answer, which the browser is about to POST. */
export async function askIdp(
  fleet: Fleet,
  browser: BrowserClient,
  returnTo = "/",
  answer: object = {},
): Promise<string> {
  const page = await browser.get(`${fleet.url}/login?returnTo=${encodeURIComponent(returnTo)}`);
  return fleet.idp.answer({ requestId: requestIdOf(page), ...answer });
}

/** The id of the request that a redirect carries. */
export function requestIdOf(page: Page): string {
  return requestIdIn(new URL(page.headers.location ?? ""));
}

export function requestIdIn({ searchParams }: URL): string {
  const field = searchParams.get("SAMLRequest") ?? "";
  const xml = inflateRawSync(Buffer.from(field, "base64")).toString();
  return / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
}

/** A whole login in a new browser. */
export async function signIn(fleet: Fleet, answer: object = {}): Promise<BrowserClient> {
  const browser = createBrowserClient();
  const SAMLResponse = await askIdp(fleet, browser, "/", answer);
  await browser.post(`${fleet.url}/acs`, { ...atIdp, form: { SAMLResponse }, follow: true });
  return browser;
}
