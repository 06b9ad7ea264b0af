import { IncomingMessage, type ServerResponse } from "node:http";
import { hooksOf, refindGates } from "../http/gates.ts";
import { Commit } from "./commit.ts";
import type { RequestWithSession } from "./kept.ts";
import type { Visit } from "./visit.ts";

const visiting: unique symbol = Symbol("unstick.visit");
type Bearer = RequestWithSession & { [visiting]?: Visit; readonly res?: ServerResponse };

/** Prototype of a request → whether it inherits `sessionID` and `sessionStore` from us. */
const known = new WeakMap<object, boolean>();

/**
 * Let a request bear the visit whose commit holds `response`, with `req.sessionID` and `req.sessionStore`. On
 * Express these two are accessors of the prototype that all its requests share, and the visit is found through
 * the response, for the reason that `http/gates.ts` gives: each property that is added to a request of Express is
 * dear. `req.session` is a property, since applications may delete it.
 */
export function bearVisit(request: Bearer, response: ServerResponse, visit: Visit): void {
  const inherits = inheritsFields(Object.getPrototypeOf(request) as object);
  if (!inherits || request.res !== response || visitHolding(response) !== visit) request[visiting] = visit;
  if (!inherits) request.sessionStore = visit.site.shelf.sessionStore;
}

/** For a request and a response that another framework may have given other prototypes since. */
export function refindVisit(request: Bearer, response: ServerResponse): void {
  refindGates(response);
  inheritsFields(Object.getPrototypeOf(request) as object);
}

/** The visit that a request bears: the outermost middleware's. */
export function visitOf(request: object): Visit | undefined {
  const { [visiting]: visit, res } = request as Bearer;
  return visit ?? (res === undefined ? undefined : visitHolding(res));
}

function visitHolding(response: ServerResponse): Visit | undefined {
  const hooks = hooksOf(response);
  return hooks instanceof Commit ? hooks.visit : undefined;
}

function inheritsFields(prototype: object): boolean {
  let inherits = known.get(prototype);
  if (inherits === undefined) {
    const host = hostOf(prototype);
    inherits = host !== undefined;
    if (host !== undefined) defineFields(host);
    known.set(prototype, inherits);
  }
  return inherits;
}

function hostOf(prototype: object): object | undefined {
  let at: object | null = prototype;
  while (at !== null) {
    const parent: unknown = Object.getPrototypeOf(at);
    if (parent === IncomingMessage.prototype) return at;
    at = parent as object | null;
  }
  return undefined;
}

function defineFields(host: object): void {
  if (Object.hasOwn(host, "sessionID")) return;
  Object.defineProperties(host, {
    sessionID: {
      configurable: true,
      get(this: Bearer) {
        return visitOf(this)?.sessionID;
      },
      set(this: Bearer, value: unknown) {
        const visit = visitOf(this);
        if (visit === undefined) defineOwn(this, "sessionID", value);
        else visit.sessionID = value;
      },
    },
    sessionStore: {
      configurable: true,
      get(this: Bearer) {
        return visitOf(this)?.site.shelf.sessionStore;
      },
      set(this: Bearer, value: unknown) {
        defineOwn(this, "sessionStore", value);
      },
    },
  });
}

/** For another middleware, which knows nothing of the accessors. */
function defineOwn(request: object, name: string, value: unknown): void {
  Object.defineProperty(request, name, { value, writable: true, enumerable: true, configurable: true });
}
