import { createIdentityProvider, type IdentityProvider } from "@unstick/testbed/identity-provider";
import express, { type ErrorRequestHandler, type Express } from "express";
import { listen } from "../listen.ts";
import { answerPage, refusedPage, signInPage } from "./pages.ts";

export interface IdentityProviderServer {
  readonly url: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  /** PEM. */
  readonly certificate: string;
  /**
   * Log a person out everywhere: a signed LogoutRequest, by POST and without a cookie, to whichever instance the
   * balancer picks. Answers the HTTP status; 302 is the service provider's LogoutResponse.
   */
  logOut(nameId: string): Promise<number>;
  close(): Promise<void>;
}

interface Options {
  readonly port: number;
  /** The service provider's address, as browsers know it. */
  readonly publicUrl: string;
  /** Told of each answer that a person is about to take back. */
  readonly onAnswered: (requestId: string, answer: string) => void;
}

/**
 * The identity provider at `localhost`, where the application is at 127.0.0.1: two sites to a browser, so that
 * the rules of `SameSite` apply as they do in production.
 */
export async function startIdentityProvider(options: Options): Promise<IdentityProviderServer> {
  const { port, publicUrl } = options;
  const app = express();
  const server = await listen(app, port, "idp-port");
  const url = `http://localhost:${server.port}`;
  const theirs = { callbackUrl: `${publicUrl}/acs`, logoutUrl: `${publicUrl}/logout` };
  const idp = await createIdentityProvider({
    entityId: `${url}/metadata`,
    loginUrl: `${url}/sign-in`,
    logoutUrl: `${url}/sign-out`,
    serviceProvider: { entityId: `${publicUrl}/metadata`, ...theirs },
  });
  serveSignIn(app, idp, theirs.callbackUrl, options.onAnswered);
  serveSignOut(app, idp, theirs.logoutUrl);
  app.use(refused);
  const { loginUrl, logoutUrl, certificate } = idp;
  const logOut = async (nameId: string): Promise<number> => {
    const body = new URLSearchParams({ SAMLRequest: idp.logoutRequest({ nameId }) });
    const answer = await fetch(theirs.logoutUrl, { method: "POST", body, redirect: "manual" });
    await answer.arrayBuffer();
    return answer.status;
  };
  return { url, loginUrl, logoutUrl, certificate, logOut, close: server.close };
}

type Query = Record<string, string>;

function serveSignIn(
  app: Express,
  idp: IdentityProvider,
  callbackUrl: string,
  onAnswered: Options["onAnswered"],
): void {
  app.get("/sign-in", async (req, res) => {
    const query = req.query as Query;
    res.send(signInPage(await idp.readRequest(query), query.RelayState ?? ""));
  });
  app.post("/answer", express.urlencoded({ extended: false }), async (req, res) => {
    const { request = "", relayState = "", name = "" } = req.body as Query;
    const answer = await idp.answer({ requestId: request, nameId: name });
    onAnswered(request, answer);
    res.set("cache-control", "no-store").send(answerPage(callbackUrl, answer, relayState));
  });
}

/** The application's own logout: our LogoutResponse goes back with the browser, to whichever instance comes next. */
function serveSignOut(app: Express, idp: IdentityProvider, theirLogoutUrl: string): void {
  app.get("/sign-out", async (req, res) => {
    const query = req.query as Query;
    const id = await idp.readLogoutRequest(query);
    res.redirect(303, `${theirLogoutUrl}?${idp.logoutResponseQuery(id, query.RelayState)}`);
  });
}

const refused: ErrorRequestHandler = (_error, _req, res, _next) => {
  res.status(400).send(refusedPage("This is not a request from the application."));
};
