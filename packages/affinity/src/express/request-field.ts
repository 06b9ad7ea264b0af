import { IncomingMessage } from "node:http";
import type { AffinityHolder, RequestAffinity } from "../affinity.ts";
import { type Bearer, type Exchange, findExchange, openExchange } from "../exchange.ts";
import { frameworkPrototype } from "../framework-prototype.ts";

/** A request of Express, which knows its response. */
type FrameworkRequest = AffinityHolder & Bearer & { readonly res?: { readonly req?: Bearer } };

/** Prototype of a request → whether its requests inherit `affinity` from us. */
const known = new WeakMap<object, boolean>();

/**
 * The exchange that keeps a request's `affinity`, where that is an accessor on the prototype that all requests of
 * the framework share. `undefined` for a request of Node's own, which bears the property itself, and for one that
 * is not the response's, as a proxy of it: whoever writes the head could not find back to it.
 */
export function exchangeOf(request: object, response: { readonly req?: object }): Exchange | undefined {
  const prototype = Object.getPrototypeOf(request) as object | null;
  if (prototype === null || prototype === IncomingMessage.prototype) return undefined;
  let inherits = known.get(prototype);
  if (inherits === undefined) {
    inherits = definesField(prototype);
    known.set(prototype, inherits);
  }
  return inherits && response.req === request ? openExchange(request, response) : undefined;
}

const fieldHosts = new WeakSet<object>();

function definesField(prototype: object): boolean {
  const host = frameworkPrototype(prototype, IncomingMessage.prototype);
  if (host === undefined) return false;
  if (fieldHosts.has(host)) return true;
  if (Object.hasOwn(host, "affinity") || !Object.isExtensible(host)) return false;
  Object.defineProperty(host, "affinity", {
    configurable: true,
    get(this: FrameworkRequest): RequestAffinity | undefined {
      return findBorne(this)?.affinity;
    },
    set(this: FrameworkRequest, value: RequestAffinity) {
      Object.defineProperty(this, "affinity", {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  });
  fieldHosts.add(host);
  return true;
}

/** Through a proxy of the request, too, and through an object that inherits from it. */
function findBorne(request: FrameworkRequest): Exchange | undefined {
  return findExchange(request, request) ?? findExchange(request.res?.req, request.res ?? request);
}
