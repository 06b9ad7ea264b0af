import { createIdentityProvider } from "@unstick/testbed/identity-provider";
import express, { type ErrorRequestHandler } from "express";
import { listen } from "../listen.ts";
import { answerPage, refusedPage, signInPage } from "./pages.ts";

export interface IdentityProviderServer {
  readonly url: string;
  readonly loginUrl: string;
  /** PEM. */
  readonly certificate: string;
  close(): Promise<void>;
}

interface Options {
  readonly port: number;
  /** The service provider's address, as browsers know it. */
  readonly publicUrl: string;
  /** Told the id of each AuthnRequest that a person has answered. */
  readonly onAnswered: (requestId: string) => void;
}

/**
 * The identity provider at `localhost`, where the application is at 127.0.0.1: two sites to a browser, so that
 * the rules of `SameSite` apply as they do in production.
 */
export async function startIdentityProvider({
  port,
  publicUrl,
  onAnswered,
}: Options): Promise<IdentityProviderServer> {
  const app = express();
  const server = await listen(app, port, "idp-port");
  const url = `http://localhost:${server.port}`;
  const callbackUrl = `${publicUrl}/acs`;
  const idp = await createIdentityProvider({
    entityId: `${url}/metadata`,
    loginUrl: `${url}/sign-in`,
    serviceProvider: { entityId: `${publicUrl}/metadata`, callbackUrl },
  });
  app.get("/sign-in", async (req, res) => {
    res.send(signInPage(await idp.readRequest(req.query as Record<string, string>)));
  });
  app.post("/answer", express.urlencoded({ extended: false }), async (req, res) => {
    const { request, name } = req.body as Record<string, unknown>;
    const requestId = String(request ?? "");
    const answer = await idp.answer({ requestId, nameId: String(name ?? "") });
    onAnswered(requestId);
    res.set("cache-control", "no-store").send(answerPage(callbackUrl, answer));
  });
  app.use(refused);
  return { url, loginUrl: idp.loginUrl, certificate: idp.certificate, close: server.close };
}

const refused: ErrorRequestHandler = (_error, _req, res, _next) => {
  res.status(400).send(refusedPage("This is not a login request from the application."));
};
