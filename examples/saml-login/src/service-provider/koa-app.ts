import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import { affinity } from "@unstick/affinity/koa";
import { samlRoutes } from "@unstick/saml/koa";
import { type KoaSessionOf, session } from "@unstick/session/koa";
import Koa, { type Context, type Middleware } from "koa";
import type { InstanceConfig } from "../fleet/messages.ts";
import { findMode, stickyCookieName } from "../modes.ts";
import { refusalOf, refusalPage, type User, unknownHere } from "./pages.ts";
import { createSaml, flowOptions } from "./saml.ts";
import type { Storage } from "./storage.ts";
import type { Witness } from "./witness.ts";

/** The service provider on Koa. Its twin is express-app.ts. */
export function createKoaApp(config: InstanceConfig, storage: Storage, witness: Witness): Koa {
  const refuse = refuser(config, witness);
  const saml = samlRoutes({
    saml: createSaml(config),
    ...flowOptions(storage),
    signIn: async (login, ctx) => {
      sessionOf(ctx).user = login.nameId.value;
      await sessionOf(ctx).login(login.nameId.value);
    },
    onError: refuse,
  });

  const app = new Koa();
  app.keys = [config.secrets.session];
  app.use(failed(refuse));
  app.use(answerHealthChecks);
  // The routes below read forms by themselves; this one is for the witness.
  app.use(bodyParser());
  app.use(watched(witness));
  app.use(stickiness(config));
  app.use(session({ backend: storage.sessions, key: "unstick_session" }, app));
  app.use(saml.bound);

  const router = new Router();
  router.get("/login", saml.login);
  router.all("/acs", saml.acs);
  router.all("/logout", saml.logout);
  router.get("/metadata", saml.metadata);

  router.get("/welcome", (ctx) => {
    if (sessionOf(ctx).user === undefined) refuse(unknownHere(), ctx);
    else leaveTo(ctx, config.homeUrl);
  });
  router.get("/whoami", (ctx) => {
    ctx.body = { user: sessionOf(ctx).user ?? null };
  });
  router.get("/", (ctx) => leaveTo(ctx, config.homeUrl));
  app.use(router.routes());
  return app;
}

function sessionOf(ctx: Context): KoaSessionOf<User> {
  return (ctx as unknown as { session: KoaSessionOf<User> }).session;
}

const answerHealthChecks: Middleware = async (ctx, next) => {
  if (ctx.path === "/healthz") ctx.body = "ok";
  else await next();
};

/** The sticky cookie, in the modes that have one. */
function stickiness({ mode, name, secrets }: InstanceConfig): Middleware {
  const { stickyCookie } = findMode(mode);
  if (stickyCookie === null) return (_ctx, next) => next();
  return affinity({
    name: stickyCookieName,
    secret: secrets.sticky,
    instance: name,
    sameSite: stickyCookie,
    secure: stickyCookie === "none",
  });
}

function watched(witness: Witness): Middleware {
  return (ctx, next) => {
    witness.watch(ctx.req, ctx.res, () => ctx.request.body);
    return next();
  };
}

function leaveTo(ctx: Context, url: string): void {
  ctx.redirect(url);
  ctx.status = 303;
}

type Refuse = (error: unknown, ctx: Context) => void;

/** The application's own error page, for whatever went wrong. */
function refuser(config: InstanceConfig, witness: Witness): Refuse {
  return (error, ctx) => {
    const { status, refusal } = refusalOf(error);
    witness.refused(ctx.req, refusal);
    ctx.set("cache-control", "no-store");
    ctx.status = status;
    ctx.type = "html";
    ctx.body = refusalPage(config, ctx.path, refusal);
  };
}

function failed(refuse: Refuse): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      refuse(error, ctx);
    }
  };
}
