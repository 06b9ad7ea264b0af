import { affinity } from "@unstick/affinity/express";
import { samlRoutes } from "@unstick/saml/express";
import { session } from "@unstick/session/express";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import type { InstanceConfig } from "../fleet/messages.ts";
import { findMode, stickyCookieName } from "../modes.ts";
import { refusalOf, refusalPage, type User, unknownHere } from "./pages.ts";
import { createSaml, flowOptions } from "./saml.ts";
import type { Storage } from "./storage.ts";
import type { Witness } from "./witness.ts";

/** The service provider on Express. Its twin is koa-app.ts. */
export function createExpressApp(config: InstanceConfig, storage: Storage, witness: Witness): Express {
  const refuse = refuser(config, witness);
  const sessions = session<User>({
    backend: storage.sessions,
    secret: config.secrets.session,
    name: "unstick_session",
  });
  const saml = samlRoutes({
    saml: createSaml(config),
    ...flowOptions(storage),
    signIn: async (login, req) => {
      sessions.of(req).user = login.nameId.value;
      await sessions.of(req).login(login.nameId.value);
    },
    onError: refuse,
  });

  const app = express();
  app.get("/healthz", (_req, res) => void res.send("ok"));
  // The routes below read forms by themselves; this one is for the witness.
  app.use(express.urlencoded({ extended: false }), watched(witness));
  app.use(stickiness(config));
  app.use(sessions, saml.bound);

  app.get("/login", saml.login);
  app.all("/acs", saml.acs);
  app.all("/logout", saml.logout);
  app.get("/metadata", saml.metadata);

  app.get("/welcome", (req, res) => {
    if (sessions.of(req).user === undefined) refuse(unknownHere(), req, res);
    else res.redirect(303, config.homeUrl);
  });
  app.get("/whoami", (req, res) => void res.json({ user: sessions.of(req).user ?? null }));
  app.get("/", (_req, res) => res.redirect(303, config.homeUrl));
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => refuse(error, req, res));
  return app;
}

/** The sticky cookie, in the modes that have one. */
function stickiness({ mode, name, secrets }: InstanceConfig): RequestHandler {
  const { stickyCookie } = findMode(mode);
  if (stickyCookie === null) return (_req, _res, next) => next();
  return affinity({
    name: stickyCookieName,
    secret: secrets.sticky,
    instance: name,
    sameSite: stickyCookie,
    secure: stickyCookie === "none",
  });
}

function watched(witness: Witness): RequestHandler {
  return (req, res, next) => {
    witness.watch(req, res, () => req.body);
    next();
  };
}

/** The application's own error page, for whatever went wrong. */
function refuser(config: InstanceConfig, witness: Witness) {
  return (error: unknown, req: Request, res: Response): void => {
    const { status, refusal } = refusalOf(error);
    witness.refused(req, refusal);
    res
      .status(status)
      .set("cache-control", "no-store")
      .send(refusalPage(config, req.path, refusal));
  };
}
