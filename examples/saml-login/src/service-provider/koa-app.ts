import { bodyParser } from "@koa/bodyparser";
import Router from "@koa/router";
import type { CacheProvider } from "@node-saml/node-saml";
import { affinity } from "@unstick/affinity/koa";
import type { KoaStore } from "@unstick/session/koa";
import Koa, { type Context, type Middleware } from "koa";
import { KoaPassport } from "koa-passport";
import session from "koa-session";
import type { InstanceConfig } from "../fleet/messages.ts";
import { findMode, stickyCookieName } from "../modes.ts";
import { errorPage } from "./pages.ts";
import { samlStrategy, type User } from "./saml-strategy.ts";
import { answeredIdOf, requestIdOf, type Witness } from "./witness.ts";

/** koa-session without a store keeps the session in the cookie, so a store is always given. */
export interface KoaState {
  readonly cacheProvider?: CacheProvider;
  readonly sessionStore: KoaStore;
}

/** The service provider on Koa. Its twin is express-app.ts. */
export function createKoaApp(config: InstanceConfig, state: KoaState, witness: Witness): Koa {
  const { stickyCookie } = findMode(config.mode);
  const auth = new KoaPassport();
  auth.use("saml", samlStrategy(config, state.cacheProvider));
  auth.serializeUser((user, done) => done(null, user));
  auth.deserializeUser((user: User, done) => done(null, user));

  const app = new Koa();
  app.keys = [config.secrets.session];
  app.use(failed(config, witness));
  app.use(answerHealthChecks);
  if (stickyCookie !== null) {
    app.use(
      affinity({
        name: stickyCookieName,
        secret: config.secrets.sticky,
        instance: config.name,
        sameSite: stickyCookie,
        secure: stickyCookie === "none",
      }),
    );
  }
  app.use(session({ key: "unstick_session", sameSite: "lax", store: state.sessionStore }, app));
  app.use(bodyParser());
  app.use(auth.initialize());
  app.use(auth.session());
  app.use(routes(config, auth, witness).routes());
  return app;
}

const answerHealthChecks: Middleware = async (ctx, next) => {
  if (ctx.path === "/healthz") ctx.body = "ok";
  else await next();
};

function routes(config: InstanceConfig, auth: KoaPassport, witness: Witness): Router {
  const router = new Router();
  router.get("/login", async (ctx, next) => {
    await auth.authenticate("saml")(ctx, next);
    if (ctx.status === 302) witness.tell("begun", ctx.req, requestIdOf(ctx.response.get("location")), null);
  });
  router.post("/acs", auth.authenticate("saml"), (ctx) => {
    const login = answeredIdOf(ctx.request.body);
    witness.tell("answered", ctx.req, login, null);
    ctx.redirect(`/welcome?login=${encodeURIComponent(login)}`);
    ctx.status = 303;
  });
  router.get("/welcome", (ctx) => {
    const error = ctx.isAuthenticated()
      ? null
      : "Signed in a moment ago, but this instance does not know the session";
    witness.tell("welcomed", ctx.req, String(ctx.query.login ?? ""), error);
    if (error !== null) return refuse(ctx, 401, error, config);
    ctx.redirect(config.homeUrl);
    ctx.status = 303;
  });
  router.get("/whoami", forHomePage(config), (ctx) => {
    ctx.body = { instance: config.name, user: (ctx.state.user as User | undefined)?.name ?? null };
  });
  router.post("/logout", forHomePage(config), async (ctx) => {
    await ctx.logout();
    ctx.body = { instance: config.name, user: null };
  });
  return router;
}

/** The demo's page is on the same site and on another port: it may ask, with cookies. */
function forHomePage({ homeUrl }: InstanceConfig): Middleware {
  const origin = new URL(homeUrl).origin;
  return (ctx, next) => {
    ctx.set({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "cache-control": "no-store",
    });
    return next();
  };
}

function failed(config: InstanceConfig, witness: Witness): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = thrown as Error & { status?: number };
      const kind = ctx.path === "/acs" ? "answered" : "begun";
      witness.tell(kind, ctx.req, answeredIdOf(ctx.request.body), error.message);
      refuse(ctx, error.status ?? 403, error.message, config);
    }
  };
}

function refuse(ctx: Context, status: number, error: string, config: InstanceConfig): void {
  ctx.status = status;
  ctx.type = "html";
  ctx.body = errorPage(config.name, error, config.homeUrl);
}
