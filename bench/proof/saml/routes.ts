import { createServer, type Server } from "node:http";
import type { SAML } from "@node-saml/node-saml";
import type { FlowOptions } from "@unstick/saml";
import { samlRoutes } from "@unstick/saml/express";
import express from "express";
import type { Subject } from "./messages.ts";

/** What a browser is given that was signed in. */
export const signedInCookie = "signed-in";

/** `/login` and `/acs` on a free port: our routes, or what an application writes around node-saml itself. */
export function serve(subject: Subject, saml: () => SAML, options: FlowOptions): Server {
  const app = express();
  // Refusals are what is measured: Express need not print them.
  app.set("env", "test");
  // All tries come from one address.
  if (subject === "unstick") ours(app, saml(), { ...options, maxPendingPerClient: 1_000_000 });
  else theirs(app, saml());
  return createServer(app).listen(0, "127.0.0.1");
}

function ours(app: express.Express, saml: SAML, options: FlowOptions): void {
  const routes = samlRoutes({
    saml,
    ...options,
    signIn: async (login, _request, response) => response.cookie(signedInCookie, login.nameId.value),
  });
  app.get("/login", routes.login);
  app.all("/acs", routes.acs);
}

function theirs(app: express.Express, saml: SAML): void {
  app.get("/login", async (_request, response) =>
    response.redirect(await saml.getAuthorizeUrlAsync("", undefined, {})),
  );
  app.post("/acs", express.urlencoded(), async (request, response) => {
    const { profile } = await saml.validatePostResponseAsync(request.body as Record<string, string>);
    response.cookie(signedInCookie, profile?.nameID).redirect(303, "/");
  });
}
