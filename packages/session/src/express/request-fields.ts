import { IncomingMessage } from "node:http";
import type { RequestWithSession } from "./kept.ts";
import type { Visit } from "./visit.ts";

const visiting: unique symbol = Symbol("unstick.visit");
type Bearer = RequestWithSession & { [visiting]?: Visit };

/** Prototype of a request → whether it inherits `sessionID` and `sessionStore` from us. */
const known = new WeakMap<object, boolean>();

/**
 * Let a request bear its visit, with `req.sessionID` and `req.sessionStore`. On Express these two are accessors
 * of the prototype that all its requests share, for the reason that `http/gates.ts` gives: each property that is
 * added to a request of Express is dear. `req.session` is a property, since applications may delete it.
 */
export function bearVisit(request: Bearer, visit: Visit): void {
  request[visiting] = visit;
  const prototype = Object.getPrototypeOf(request) as object;
  let inherits = known.get(prototype);
  if (inherits === undefined) {
    const host = hostOf(prototype);
    inherits = host !== undefined;
    if (host !== undefined) defineFields(host);
    known.set(prototype, inherits);
  }
  if (!inherits) request.sessionStore = visit.site.shelf.sessionStore;
}

/** The visit that a request bears: the outermost middleware's. */
export function visitOf(request: object): Visit | undefined {
  return (request as Bearer)[visiting];
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
        return this[visiting]?.sessionID;
      },
      set(this: Bearer, value: unknown) {
        const visit = this[visiting];
        if (visit === undefined) defineOwn(this, "sessionID", value);
        else visit.sessionID = value;
      },
    },
    sessionStore: {
      configurable: true,
      get(this: Bearer) {
        return this[visiting]?.site.shelf.sessionStore;
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
