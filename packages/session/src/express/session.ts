import type { IncomingMessage, ServerResponse } from "node:http";
import { UnstickError } from "../errors.ts";
import { isPathMatch } from "../http/cookie-attributes.ts";
import { FairLock } from "../http/fair-lock.ts";
import { holdResponse, isHoldable } from "../http/hold.ts";
import { shareShape } from "../http/shared-shape.ts";
import { BackendShelf } from "./backend-shelf.ts";
import { Commit } from "./commit.ts";
import type { RequestWithSession, Shelf } from "./kept.ts";
import { readSessionOptions, type SessionOptions } from "./options.ts";
import { originalPath } from "./secure.ts";
import type { Session } from "./session-view.ts";
import { StoreShelf } from "./store-shelf.ts";
import { type Site, Visit } from "./visit.ts";
import { Watch } from "./watch.ts";

/** `req.session` with an application's own attributes. */
export type SessionOf<Data extends object> = Session & Partial<Data>;

/** What {@link session} answers: give it to `app.use`, `router.use`, or call it. */
export interface SessionMiddleware<Data extends object> {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /**
   * `request.session`, with the type that this middleware was made for: for one router, where augmenting
   * Express's `Request` would speak for all of them. Throws where the middleware was not passed.
   */
  of(request: IncomingMessage): SessionOf<Data>;
  /**
   * Error-handling middleware, for after the routes and before the application's error handlers: a request
   * that failed saves nothing then, whatever answer they make of it. No other middleware of Express is told
   * of an error; without this one only an answer of status 500 and above tells. An error with a `status`
   * below 500 is an answer, and is saved, as on Koa. The error is handed on.
   */
  onError(
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void;
}

/**
 * Sessions for Express, connect and `node:http`: takes the place of express-session, with its options and its
 * `req.session`. Nothing reaches the client before the session it speaks of is stored; a save that fails goes
 * to `next(error)` with `status` 503, and nothing of the response leaves. Throws {@link OptionError}.
 */
export function session<Data extends object = Record<string, unknown>>(
  options: SessionOptions,
): SessionMiddleware<Data> {
  const config = readSessionOptions(options);
  const shelf = config.backend === undefined ? new StoreShelf(config) : new BackendShelf(config);
  const { backend, serialize, serializeLeaseMs } = config;
  const isLocked = backend !== undefined && serialize !== undefined;
  const site: Site = {
    config,
    shelf,
    watch: new Watch(process.env.NODE_ENV !== "production"),
    lock: isLocked ? new FairLock(backend, serializeLeaseMs) : undefined,
    storeField: fieldOf(shelf),
  };
  const middleware = (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => serve(site, request, response, next);
  const of = sessionOf as (request: IncomingMessage) => SessionOf<Data>;
  return Object.assign(middleware, { of, onError });
}

const visiting: unique symbol = Symbol("unstick.visit");
/** A request and its visit: the one that began last. */
type Bearer = RequestWithSession & { [visiting]?: Visit };

/** `req.sessionStore`: made when somebody asks for it, which few do. It may be set. */
function fieldOf(shelf: Shelf): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get: () => shelf.sessionStore,
    set(this: object, value: unknown) {
      Object.defineProperty(this, "sessionStore", {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    },
  };
}

/** Express tells error handlers by their four parameters. */
function onError(
  error: unknown,
  request: IncomingMessage,
  _response: ServerResponse,
  next: (error?: unknown) => void,
): void {
  const { status } = (error ?? {}) as { status?: unknown };
  const { [visiting]: visit } = request as Bearer;
  if (visit !== undefined && !(typeof status === "number" && status < 500)) visit.isFailed = true;
  next(error);
}

function sessionOf(request: RequestWithSession): unknown {
  if (request.session) return request.session;
  throw new UnstickError(
    "ERR_UNSTICK_NO_SESSION",
    "this request has no session: mount session() before the handler, and see its options skip and cookie.path",
  );
}

function serve(site: Site, request: Bearer, response: ServerResponse, next: (error?: unknown) => void): void {
  const { config, shelf, storeField } = site;
  shareShape(request, response);
  if (request.session || config.skip?.(request) === true || !shelf.isReady) {
    next();
    return;
  }
  const cookieOptions = config.cookieFor(request);
  const { path = "/" } = cookieOptions;
  if (path !== "/" && !isPathMatch(originalPath(request), path)) {
    next();
    return;
  }
  const visit = new Visit(site, request, cookieOptions);
  const isHeld = isHoldable(response);
  if (isHeld) holdResponse(response, new Commit(visit, response, next));
  request[visiting] = visit;
  Object.defineProperty(request, "sessionStore", storeField);
  const turn = site.lock === undefined || !isHeld ? undefined : takeTurn(site.lock, visit, response);
  const entering = turn === undefined ? begin(visit) : turn.then(() => visit.begin());
  if (entering === undefined) next();
  else entering.then(() => next(), next);
}

/** What a backend throws at once is an error like any other. */
function begin(visit: Visit): Promise<void> | undefined {
  try {
    return visit.begin();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Wait until no other request of the session runs; the next may run when this one ends in whatever way. */
function takeTurn(lock: FairLock, visit: Visit, response: ServerResponse): Promise<void> | undefined {
  const { shownId, request, site } = visit;
  if (shownId === undefined || site.config.serialize?.(request) !== true) return undefined;
  return lock.hold(shownId, response);
}
