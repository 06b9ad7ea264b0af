import type { CacheProvider } from "@node-saml/node-saml";
import { affinity } from "@unstick/affinity/express";
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from "express";
import session, { type Store } from "express-session";
import passport from "passport";
import type { InstanceConfig } from "../fleet/messages.ts";
import { findMode, stickyCookieName } from "../modes.ts";
import { errorPage } from "./pages.ts";
import { samlStrategy, type User } from "./saml-strategy.ts";
import { answeredIdOf, requestIdOf, type Witness } from "./witness.ts";

/** What instances may share; where a part is left out the libraries keep it in this process. */
export interface ExpressState {
  readonly cacheProvider?: CacheProvider;
  readonly sessionStore?: Store;
}

/** The service provider on Express. Its twin is koa-app.ts. */
export function createExpressApp(config: InstanceConfig, state: ExpressState, witness: Witness): Express {
  const app = express();
  app.get("/healthz", (_req, res) => void res.send("ok"));
  const { stickyCookie } = findMode(config.mode);
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
  app.use(
    session({
      secret: config.secrets.session,
      name: "unstick_session",
      cookie: { sameSite: "lax" },
      resave: false,
      saveUninitialized: false,
      ...(state.sessionStore && { store: state.sessionStore }),
    }),
  );
  const auth = createPassport(config, state);
  app.use(auth.initialize(), auth.session());
  app.use(routes(config, auth, witness));
  app.use(failed(config, witness));
  return app;
}

function createPassport(config: InstanceConfig, { cacheProvider }: ExpressState): passport.Authenticator {
  const auth = new passport.Passport();
  auth.use("saml", samlStrategy(config, cacheProvider));
  auth.serializeUser((user, done) => done(null, user));
  auth.deserializeUser((user: User, done) => done(null, user));
  return auth;
}

function routes(config: InstanceConfig, auth: passport.Authenticator, witness: Witness): Router {
  const router = express.Router();
  router.get("/login", witnessRedirect(witness), auth.authenticate("saml"));
  router.post("/acs", express.urlencoded({ extended: false }), auth.authenticate("saml"), (req, res) => {
    const login = answeredIdOf(req.body);
    witness.tell("answered", req, login, null);
    res.redirect(303, `/welcome?login=${encodeURIComponent(login)}`);
  });
  router.get("/welcome", (req, res) => {
    const error = req.user ? null : "Signed in a moment ago, but this instance does not know the session";
    witness.tell("welcomed", req, String(req.query.login ?? ""), error);
    if (error === null) res.redirect(303, config.homeUrl);
    else res.status(401).send(errorPage(config.name, error, config.homeUrl));
  });
  router.get("/whoami", forHomePage(config), (req, res) => {
    res.json({ instance: config.name, user: (req.user as User | undefined)?.name ?? null });
  });
  router.post("/logout", forHomePage(config), (req, res, next) => {
    req.logout((error) => (error ? next(error) : res.json({ instance: config.name, user: null })));
  });
  return router;
}

/** The request's id is in the Location that passport-saml is about to send. */
function witnessRedirect(witness: Witness): RequestHandler {
  return (req, res, next) => {
    res.once("finish", () => {
      const location = res.getHeader("location");
      if (res.statusCode === 302) witness.tell("begun", req, requestIdOf(String(location)), null);
    });
    next();
  };
}

/** The demo's page is on the same site and on another port: it may ask, with cookies. */
function forHomePage({ homeUrl }: InstanceConfig): RequestHandler {
  const origin = new URL(homeUrl).origin;
  return (_req, res, next) => {
    res.set({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "cache-control": "no-store",
    });
    next();
  };
}

function failed(config: InstanceConfig, witness: Witness): ErrorRequestHandler {
  return (error: Error & { status?: number }, req, res, _next) => {
    const kind = req.path === "/acs" ? "answered" : "begun";
    witness.tell(kind, req, answeredIdOf(req.body), error.message);
    res.status(error.status ?? 403).send(errorPage(config.name, error.message, config.homeUrl));
  };
}
