import type { AffinityHolder } from "./affinity.ts";
import type { HeadQueue } from "./head-gate.ts";

/**
 * What one request of a framework bears for us, and its response with it, where a property of their own would be dear
 * (see `frameworkPrototype`). A WeakMap is dearer still: what it holds for a request points back to the request, and
 * while that is so a minor collection frees neither.
 */
export interface Exchange extends AffinityHolder, HeadQueue {
  readonly request: object;
  readonly response: object;
}

/**
 * Of Node's own, an ordinary array of each request's own: whatever is added to it costs next to nothing. The state of
 * its stream bears the same, since middleware may give a request other headers, or another body.
 */
export interface Bearer {
  readonly rawHeaders?: unknown;
  readonly _readableState?: unknown;
}

function same(object: object): object {
  return object;
}

/** A constructor that answers its argument: a class that extends it puts its private fields on that. */
const Same = same as unknown as new (object: object) => object;

/** Gives an object a private field, which nobody sees, lists or compares. */
class Borne extends Same {
  readonly #exchange: Exchange;

  constructor(object: object, exchange: Exchange) {
    super(object);
    this.#exchange = exchange;
  }

  static read(object: object): Exchange | undefined {
    return #exchange in object ? object.#exchange : undefined;
  }
}

/**
 * The exchange of a request, or of a response through what it calls its request. Of one that bears nothing, and of
 * whatever a test calls a request: `undefined`.
 */
export function findExchange(bearer: Bearer | undefined, whose: object): Exchange | undefined {
  return borneBy(bearer?.rawHeaders, whose) ?? borneBy(bearer?._readableState, whose);
}

/** `undefined` for a request that can bear nothing, as a test's may be that shares what it has with others. */
export function openExchange(request: Bearer, response: object): Exchange | undefined {
  const found = findExchange(request, request);
  if (found !== undefined) return found;
  const made: Exchange = { request, response, waiting: undefined };
  bearOn(request.rawHeaders, made);
  bearOn(request._readableState, made);
  return findExchange(request, request);
}

function bearOn(object: unknown, exchange: Exchange): void {
  if (isObject(object) && Object.isExtensible(object) && Borne.read(object) === undefined)
    new Borne(object, exchange);
}

function borneBy(object: unknown, whose: object): Exchange | undefined {
  const found = isObject(object) ? Borne.read(object) : undefined;
  return found?.request === whose || found?.response === whose ? found : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
