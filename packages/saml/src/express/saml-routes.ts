import type { Request, RequestHandler, Response } from "express";
import { type SamlReply, type SamlRequest, ServiceProvider } from "../flow/service-provider.ts";
import { type ErrorPage, errorPage, type Failure } from "../http/error-page.ts";
import { readBody } from "../http/read-form.ts";
import { type RoutesOptions, splitOptions } from "../http/routes-options.ts";
import { logoutUser, readNote } from "../http/session-note.ts";

export type ExpressRoutesOptions = RoutesOptions<[request: Request, response: Response]>;

export interface ExpressRoutes {
  /** GET. `?returnTo=` names where to go afterwards. */
  readonly login: RequestHandler;
  /** The callbackUrl: POST and GET. No body parser is needed before it. */
  readonly acs: RequestHandler;
  /** The single logout address: GET and POST. */
  readonly logout: RequestHandler;
  /** GET. */
  readonly metadata: RequestHandler;
  /**
   * Before the application's routes: ends a session at the identity provider's `SessionNotOnOrAfter`, and keeps one that
   * is used where logouts find it.
   */
  readonly bound: RequestHandler;
}

interface SessionRequest {
  readonly sessionID?: string;
  readonly session?: { destroy(done: (error?: unknown) => void): unknown };
}

type Answer = (request: Request, response: Response) => Promise<SamlReply>;

/** The routes of a service provider on Express. Throws an `OptionError` for a wrong or unknown option. */
export function samlRoutes(options: ExpressRoutesOptions): ExpressRoutes {
  const { routes, flow, failures } = splitOptions(options);
  const provider = new ServiceProvider(routes.saml, flow);
  const mostBytes = 2 * provider.gate.options.maxMessageBytes;
  const sessionId = routes.sessionId ?? ((request: Request) => sessionOf(request).sessionID);
  const route = routeOf(routes, provider, sessionId);
  return {
    login: route(failures.login, (request) => provider.login(describe(request, mostBytes))),
    acs: route(failures.login, (request) => provider.acs(describe(request, mostBytes))),
    logout: route(failures.logout, async (request, response) => {
      const { session } = sessionOf(request);
      const note = readNote(session);
      const id = sessionId(request, response);
      const reply = await provider.logout(describe(request, mostBytes), logoutUser(note));
      if (note !== undefined && session !== undefined) {
        await provider.links.leave(note, id);
        await destroy(session);
      }
      return reply;
    }),
    metadata: route(failures.login, async () => provider.metadata(routes.decryptionCert)),
    bound: (request, response, next) => {
      const { session } = sessionOf(request);
      if (session === undefined) return next();
      const bound = async (): Promise<void> => {
        if (!(await provider.links.mayGoOn(session, sessionId(request, response)))) await destroy(session);
      };
      bound().then(() => next(), next);
    },
  };
}

type SessionIdOf = (request: Request, response: Response) => string | undefined;

function routeOf(
  { signIn, onError }: ExpressRoutesOptions,
  provider: ServiceProvider,
  sessionId: SessionIdOf,
): (failure: Failure, answer: Answer) => RequestHandler {
  return (failure, answer) => async (request, response, next) => {
    try {
      const reply = await answer(request, response);
      if (reply.login !== undefined) {
        await signIn(reply.login, request, response);
        const id = sessionId(request, response);
        await provider.links.enter(sessionOf(request).session, reply.login, id);
      }
      send(response, reply);
    } catch (error) {
      if (onError === undefined) return sendPage(response, errorPage(error, failure));
      // Express 4 hears of no rejection.
      await Promise.resolve()
        .then(() => onError(error, request, response))
        .catch(next);
    }
  };
}

/** express-session, `session()` of ours and cookie-less requests look alike here. */
function sessionOf(request: Request): SessionRequest {
  return request as unknown as SessionRequest;
}

function destroy(session: NonNullable<SessionRequest["session"]>): Promise<void> {
  return new Promise((resolve, reject) => {
    session.destroy((error) => (error ? reject(error) : resolve()));
  });
}

function describe(request: Request, mostBytes: number): SamlRequest {
  const { method, originalUrl: url, headers, ip: client } = request;
  return {
    method,
    url,
    cookie: headers.cookie,
    client,
    body: () => readBody(request, request.body, mostBytes),
  };
}

function sendPage(response: Response, { status, headers, body }: ErrorPage): void {
  response.set(headers).status(status).type("html").send(body);
}

function send(response: Response, { status, location, body, type, cookie }: SamlReply): void {
  if (cookie !== undefined) response.append("set-cookie", cookie);
  response.set({ "cache-control": "no-store", "referrer-policy": "no-referrer" }).status(status);
  if (type !== undefined) response.type(type);
  if (location !== undefined) response.set("location", location);
  response.send(body ?? "");
}
