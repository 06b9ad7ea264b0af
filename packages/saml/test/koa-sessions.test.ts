import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { SAML } from "@node-saml/node-saml";
import { redisBackend, redisState } from "@unstick/redis";
import { RedisStore } from "@unstick/redis/koa";
import { session as ourSession } from "@unstick/session/koa";
import { createBrowserClient, type RedisServer, startRedis } from "@unstick/testbed";
import { emailAddress } from "@unstick/testbed/saml-messages";
import { Redis } from "ioredis";
import Koa, { type Context } from "koa";
import { KoaPassport } from "koa-passport";
import koaSession from "koa-session";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { samlRoutes } from "../src/koa/index.ts";
import { principalKey } from "../src/message/name-id.ts";
import { atIdp, requestIdOf } from "./fleet.ts";
import { startRealIdp } from "./real-idp.ts";
import { entityId } from "./service-provider.ts";

interface Session {
  user?: string;
  readonly externalKey?: string;
  regenerate(done?: () => void): unknown;
}

type AnyContext = Context & {
  session: Session;
  state: { user?: string };
  login(user: string): Promise<void>;
};

const withPassport = (app: Koa): void => {
  const passport = new KoaPassport();
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  app.use(passport.initialize());
  app.use(passport.session());
};

const byPassport = (name: string, ctx: AnyContext): Promise<void> => ctx.login(name);

async function byHand(name: string, ctx: AnyContext): Promise<void> {
  await ctx.session.regenerate();
  ctx.session.user = name;
}

const koaSessions = (app: Koa, client: Redis): void => {
  app.use(koaSession({ store: new RedisStore({ client, deadlineMs: 10_000 }) }, app));
};
const ourSessions = (app: Koa, client: Redis): void => {
  app.use(ourSession({ backend: redisBackend(client, { deadlineMs: 10_000 }) }, app) as never);
};

let redis: RedisServer;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client?.disconnect();
  await redis?.stop();
});

const kinds = [
  ["koa-session", koaSessions, byHand, () => {}],
  ["koa-session with koa-passport", koaSessions, byPassport, withPassport],
  ["our session()", ourSessions, byHand, () => {}],
  ["our session() with koa-passport", ourSessions, byPassport, withPassport],
] as const;

describe.each(kinds)("the routes on Koa under %s", (_name, sessions, signIn, prepare) => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** Two instances, in turn. */
  async function start() {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => server.close());
    closing.push(() => server.closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const idp = await startRealIdp({ callbackUrl: `${url}/acs`, logoutUrl: `${url}/logout` });
    const options = { deadlineMs: 10_000 };
    const make = (): RequestListener => {
      const app = new Koa();
      app.keys = ["a secret of thirty-two characters"];
      sessions(app, client);
      prepare(app);
      const routes = samlRoutes({
        saml: new SAML({
          issuer: entityId,
          callbackUrl: `${url}/acs`,
          entryPoint: "http://idp.test/login",
          logoutUrl: "http://idp.test/logout",
          idpCert: idp.certificate,
        }),
        state: redisState(client, options),
        sessions: redisBackend(client, options),
        signIn: (login, ctx) => signIn(login.nameId.value, ctx as unknown as AnyContext),
      });
      const paths = { "/login": routes.login, "/acs": routes.acs, "/logout": routes.logout };
      app.use(routes.bound);
      app.use(async (ctx, next) => {
        const route = paths[ctx.path as keyof typeof paths];
        if (route !== undefined) return route(ctx, next);
        const { session, state: known } = ctx as unknown as AnyContext;
        ctx.body = known.user ?? session?.user ?? "nobody";
      });
      return app.callback() as RequestListener;
    };
    const instances = [make(), make()];
    let turn = 0;
    server.on("request", (request, response) => {
      turn += 1;
      instances[turn % 2]?.(request, response);
    });
    return { url, idp };
  }

  test("a login ends elsewhere under a new session id, a replay is refused, and a LogoutRequest ends it", async () => {
    const { url, idp } = await start();
    const browser = createBrowserClient();
    await browser.get(url);
    const SAMLResponse = await idp.answer({ requestId: requestIdOf(await browser.get(`${url}/login`)) });
    const post = { ...atIdp, form: { SAMLResponse }, follow: true };
    expect((await browser.post(`${url}/acs`, post)).body).toBe("ada@example.org");
    expect((await browser.get(url)).body).toBe("ada@example.org");
    expect((await createBrowserClient().post(`${url}/acs`, post)).status).toBe(403);
    expect((await browser.get(url)).body).toBe("ada@example.org");
    const name = { value: "ada@example.org", format: emailAddress };
    const principal = principalKey("default", idp.entityId, name, entityId);
    const entered = await redisBackend(client).principalSessions(principal);
    await browser.get(url);
    expect(entered).toHaveLength(1);
    expect(await redisBackend(client).principalSessions(principal)).toEqual(entered);
    const form = { SAMLRequest: idp.logoutRequest({}) };
    expect((await createBrowserClient().post(`${url}/logout`, { form })).status).toBe(302);
    expect((await browser.get(url)).body).toBe("nobody");
  });

  test("our own logout ends the session here", async () => {
    const { url, idp } = await start();
    const browser = createBrowserClient();
    const SAMLResponse = await idp.answer({ requestId: requestIdOf(await browser.get(`${url}/login`)) });
    await browser.post(`${url}/acs`, { ...atIdp, form: { SAMLResponse }, follow: true });
    const asked = await browser.get(`${url}/logout`);
    expect(asked.headers.location).toMatch(/^http:\/\/idp\.test\/logout\?SAMLRequest=/);
    expect((await browser.get(url)).body).toBe("nobody");
    const query = idp.logoutResponseQuery(requestIdOf(asked));
    expect((await browser.get(`${url}/logout?${query}`)).headers.location).toBe("/");
  });
});
