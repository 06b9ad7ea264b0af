import type { AffinityHolder } from "./affinity.ts";
import type { HeadQueue } from "./head-gate.ts";

/**
 * What one request of a framework bears for us, and its response with it, where a property of their own would be dear
 * (see `frameworkPrototype`). A WeakMap is dearer still: its value points back to the request, so that a minor
 * collection frees neither.
 */
export interface Exchange extends AffinityHolder, HeadQueue {
  readonly request: object;
  readonly response: object;
}

/** Two objects of each request's own, cheap to add to. Middleware may replace either. */
export interface Bearer {
  readonly rawHeaders?: unknown;
  readonly _readableState?: unknown;
}

function same(object: object): object {
  return object;
}

/** A constructor that answers its argument: a class that extends it puts its private fields on that. */
const Same = same as unknown as new (object: object) => object;

/** Gives an object a private field, which nobody sees. */
class Borne extends Same {
  readonly #exchange: Exchange;

  constructor(object: object, exchange: Exchange) {
    super(object);
    this.#exchange = exchange;
  }

  static read(object: unknown): Exchange | undefined {
    return isObject(object) && #exchange in object ? object.#exchange : undefined;
  }
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

/** Of a request, or of a response through what it calls its request. */
export function findExchange(bearer: Bearer | undefined, whose: object): Exchange | undefined {
  return borneBy(bearer?.rawHeaders, whose) ?? borneBy(bearer?._readableState, whose);
}

export function openExchange(request: Bearer, response: object): Exchange | undefined {
  const found = findExchange(request, request);
  if (found !== undefined) return found;
  const made: Exchange = { request, response, waiting: undefined };
  bearOn(request.rawHeaders, made);
  bearOn(request._readableState, made);
  return findExchange(request, request);
}

function bearOn(object: unknown, exchange: Exchange): void {
  if (Object.isExtensible(object) && Borne.read(object) === undefined) new Borne(object as object, exchange);
}

function borneBy(object: unknown, whose: object): Exchange | undefined {
  const found = Borne.read(object);
  return found?.request === whose || found?.response === whose ? found : undefined;
}
