import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MultiSamlStrategy, type Profile, Strategy } from "@node-saml/passport-saml";
import { memoryBackend, memoryState } from "@unstick/session";
import { session } from "@unstick/session/express";
import { type BrowserClient, createBrowserClient, type Page } from "@unstick/testbed";
import express, { type Express, type Request } from "express";
import { Passport } from "passport";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linkSession, protectStrategy } from "../src/index.ts";
import { atIdp, requestIdOf } from "./fleet.ts";
import { type RealIdp, startRealIdp } from "./real-idp.ts";
import { entityId } from "./service-provider.ts";

type User = { readonly name: string; readonly profile?: Profile };
type Done = (error: Error | null, user?: object) => void;

const signedOn = ((profile: Profile, done: Done) => done(null, { name: profile.nameID, profile })) as never;
const loggedOut = ((profile: Profile, done: Done) => done(null, { name: profile.nameID })) as never;

const kinds = {
  Strategy: (options: object): object => new Strategy(options as never, signedOn, loggedOut),
  MultiSamlStrategy: (options: object): object =>
    new MultiSamlStrategy(
      {
        getSamlOptions: (_request: Request, done: (e: null, o: object) => void) => done(null, options),
      } as never,
      signedOn,
      loggedOut,
    ),
};

/**
 * Routes as an application has them that does not move: passport 0.7, passport-saml 5.1, two instances in turn. It imports
 * passport-saml before node-saml, or only that.
 */
describe.each(Object.entries(kinds))("on passport and Express: %s", (_kind, make) => {
  const shared = { state: memoryState(), sessions: memoryBackend() };
  const server = createServer();
  let url = "";
  let idp: RealIdp;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    idp = await startRealIdp({ callbackUrl: `${url}/acs`, logoutUrl: `${url}/slo` });
    const options = {
      issuer: entityId,
      callbackUrl: `${url}/acs`,
      entryPoint: "http://idp.test/login",
      logoutUrl: "http://idp.test/logout",
      idpCert: idp.certificate,
    };
    const instances = [0, 1].map(() => application(protectStrategy(make(options), shared)));
    let turn = 0;
    server.on("request", (request, response) => {
      turn += 1;
      instances[turn % 2]?.(request, response);
    });
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  function application(strategy: object): Express {
    const passport = new Passport();
    passport.use("saml", strategy as never);
    passport.serializeUser((user, done) => done(null, (user as User).name));
    passport.deserializeUser((name, done) => done(null, { name } as Express.User));
    const app = express().set("env", "test");
    app.use(session({ backend: shared.sessions, secret: "a secret of thirty-two characters" }) as never);
    app.use(passport.initialize(), passport.session(), express.urlencoded());
    app.get("/login", passport.authenticate("saml"));
    app.post("/acs", passport.authenticate("saml"), async (request, response) => {
      const { profile } = request.user as unknown as User;
      await linkSession(profile ?? {}, request.sessionID);
      response.redirect(303, "/");
    });
    app.all("/slo", passport.authenticate("saml"));
    app.get("/slo", (_request, response) => response.redirect(303, "/"));
    app.post("/slo", (_request, response) => response.redirect(303, "/"));
    app.get("/logout", (request, response, next) => {
      const { nameIDFormat = "", nameID = "" } = { nameID: (request.user as User | undefined)?.name };
      Object.assign(request, { user: { nameID, nameIDFormat } });
      (strategy as Strategy).logout(request as never, (error, to) => {
        request.logout((failed) => (error || failed ? next(error ?? failed) : response.redirect(to ?? "/")));
      });
    });
    app.get("/", (request, response) => {
      response.send((request.user as User | undefined)?.name ?? "nobody");
    });
    return app;
  }

  async function signIn(nameId: string): Promise<[browser: BrowserClient, present: () => Promise<Page>]> {
    const browser = createBrowserClient();
    const requestId = requestIdOf(await browser.get(`${url}/login`));
    const form = { SAMLResponse: await idp.answer({ requestId, nameId }) };
    await browser.post(`${url}/acs`, { ...atIdp, form, follow: true });
    return [browser, () => createBrowserClient().post(`${url}/acs`, { ...atIdp, form })];
  }

  test("a login ends elsewhere, once; the identity provider's LogoutRequest ends it without a cookie", async () => {
    const [[one, replay], [two], [bob]] = [
      await signIn("ada@example.org"),
      await signIn("ada@example.org"),
      await signIn("bob@example.org"),
    ];
    const whoAreThey = async () =>
      Promise.all([one, two, bob].map(async (browser) => (await browser.get(url)).body));
    expect(await whoAreThey()).toEqual(["ada@example.org", "ada@example.org", "bob@example.org"]);
    expect((await replay()).status).toBe(403);
    const form = { SAMLRequest: idp.logoutRequest({}) };
    const answered = await createBrowserClient().post(`${url}/slo`, { form });
    expect(answered.headers.location).toMatch(/^http:\/\/idp\.test\/logout\?SAMLResponse=/);
    expect(await whoAreThey()).toEqual(["nobody", "nobody", "bob@example.org"]);
  });

  test("our own logout completes on another instance, once", async () => {
    const [browser] = await signIn("cyd@example.org");
    const asked = await browser.get(`${url}/logout`);
    expect(asked.headers.location).toMatch(/^http:\/\/idp\.test\/logout\?SAMLRequest=/);
    expect((await browser.get(url)).body).toBe("nobody");
    for (const status of [303, 403]) {
      const form = { SAMLResponse: idp.logoutResponse(requestIdOf(asked)) };
      expect((await browser.post(`${url}/slo`, { form })).status).toBe(status);
    }
  });
});
